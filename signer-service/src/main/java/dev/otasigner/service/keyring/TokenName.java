package dev.otasigner.service.keyring;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The tokens that a service may have. A key lies in one of them. */
public enum TokenName {
  /** Behind PKCS#11, with a worker that is a process of its own. First: it is likelier to fail. */
  HSM,
  /** Sealed files of the service's own, always there. */
  SOFTWARE;

  /** The name on the wire, such as {@code hsm}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The token of this name, or null when the list has none. */
  public static @Nullable TokenName ofCode(String code) {
    for (TokenName name : values()) {
      if (name.code().equals(code)) {
        return name;
      }
    }
    return null;
  }
}
