package dev.otasigner.keys.pkcs11;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Attributes that an object is made or found with. */
final class Template {
  private final Map<Long, Object> values = new LinkedHashMap<>();

  /** Objects that stay in the token. */
  static Template tokenObject(long objectClass) {
    return new Template().with(Ck.CKA_CLASS, objectClass).with(Ck.CKA_TOKEN, true);
  }

  /** A private key that signs, does nothing else and never leaves. */
  static Template privateKey(long keyType, byte[] id, String label) {
    return tokenObject(Ck.CKO_PRIVATE_KEY)
        .with(Ck.CKA_KEY_TYPE, keyType)
        .with(Ck.CKA_ID, id)
        .with(Ck.CKA_LABEL, label)
        .with(Ck.CKA_PRIVATE, true)
        .with(Ck.CKA_SENSITIVE, true)
        .with(Ck.CKA_EXTRACTABLE, false)
        .with(Ck.CKA_SIGN, true)
        .with(Ck.CKA_SIGN_RECOVER, false)
        .with(Ck.CKA_DECRYPT, false)
        .with(Ck.CKA_UNWRAP, false)
        .with(Ck.CKA_DERIVE, false);
  }

  static Template publicKey(long keyType, byte[] id, String label) {
    return tokenObject(Ck.CKO_PUBLIC_KEY)
        .with(Ck.CKA_KEY_TYPE, keyType)
        .with(Ck.CKA_ID, id)
        .with(Ck.CKA_LABEL, label)
        .with(Ck.CKA_VERIFY, true);
  }

  Template with(long attribute, boolean value) {
    values.put(attribute, value);
    return this;
  }

  Template with(long attribute, long value) {
    values.put(attribute, value);
    return this;
  }

  Template with(long attribute, byte[] value) {
    values.put(attribute, value.clone());
    return this;
  }

  Template with(long attribute, String value) {
    values.put(attribute, value.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  Map<Long, Object> values() {
    return values;
  }

  /** Overwrites the bytes in it, for a template that a private key stands in. */
  void wipe() {
    for (Object value : values.values()) {
      if (value instanceof byte[] bytes) {
        Arrays.fill(bytes, (byte) 0);
      }
    }
  }

  @Override
  public String toString() {
    return "a template of " + values.size() + " attributes";
  }
}
