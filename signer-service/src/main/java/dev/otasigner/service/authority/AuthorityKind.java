package dev.otasigner.service.authority;

import dev.otasigner.keys.KeyPurpose;

/** Whom an authority vouches for. */
public enum AuthorityKind {
  DEVICE(KeyPurpose.DEVICE_CA, "Device"),
  SERVER(KeyPurpose.SERVER_TLS, "Server");

  private final KeyPurpose purpose;
  private final String title;

  AuthorityKind(KeyPurpose purpose, String title) {
    this.purpose = purpose;
    this.title = title;
  }

  KeyPurpose purpose() {
    return purpose;
  }

  String title() {
    return title;
  }
}
