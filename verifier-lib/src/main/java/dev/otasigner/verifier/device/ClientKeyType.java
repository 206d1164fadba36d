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

  public String code() {
    return code;
  }

  public static @Nullable ClientKeyType ofCode(String code) {
    for (ClientKeyType value : values()) {
      if (value.code.equals(code)) {
        return value;
      }
    }
    return null;
  }
}
