package dev.otasigner.verifier.device;

import org.jspecify.annotations.Nullable;

/** The key a device authenticates with in TLS. */
public enum ClientKeyType {
  RSA_2048("rsa-2048"),
  P_256("p-256"),
  P_384("p-384");

  private final String code;

  ClientKeyType(String code) {
    this.code = code;
  }

  /** The name on the wire: {@code p-256}. */
  public String code() {
    return code;
  }

  /** The type of this name on the wire, or null when there is none. */
  public static @Nullable ClientKeyType ofCode(String code) {
    for (ClientKeyType value : values()) {
      if (value.code.equals(code)) {
        return value;
      }
    }
    return null;
  }
}
