package dev.otasigner.keys.pkcs11;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What lies in a token, seen through one session. Objects are named by their handles. */
record TokenObjects(Cryptoki module, long session) {

  List<Long> find(Template template) throws CryptokiException {
    return module.find(session, template);
  }

  List<Long> withId(long objectClass, byte[] id) throws CryptokiException {
    return find(Template.tokenObject(objectClass).with(Ck.CKA_ID, id));
  }

  Optional<byte[]> bytes(long object, long attribute) throws CryptokiException {
    Object value = module.attribute(session, object, attribute);
    return value instanceof byte[] bytes && bytes.length > 0
        ? Optional.of(bytes)
        : Optional.empty();
  }

  Optional<String> text(long object, long attribute) throws CryptokiException {
    Object value = module.attribute(session, object, attribute);
    return value instanceof String text ? Optional.of(text) : Optional.empty();
  }

  OptionalLong number(long object, long attribute) throws CryptokiException {
    Object value = module.attribute(session, object, attribute);
    return value instanceof Long number ? OptionalLong.of(number) : OptionalLong.empty();
  }

  /** False also when the object does not tell. The binding knows some flags as bytes only. */
  boolean flag(long object, long attribute) throws CryptokiException {
    Object value = module.attribute(session, object, attribute);
    return Boolean.TRUE.equals(value)
        || value instanceof byte[] bytes && bytes.length == 1 && bytes[0] != 0;
  }

  long create(Template template) throws CryptokiException {
    return module.create(session, template);
  }

  void set(long object, Template template) throws CryptokiException {
    module.set(session, object, template);
  }

  void destroy(List<Long> objects) throws CryptokiException {
    for (long object : objects) {
      module.destroy(session, object);
    }
  }

  long[] generate(long mechanism, Template publicKey, Template privateKey)
      throws CryptokiException {
    return module.generate(session, mechanism, publicKey, privateKey);
  }

  byte[] sign(long mechanism, @Nullable String pssHash, long key, byte[] input)
      throws CryptokiException {
    return module.sign(session, mechanism, pssHash, key, input);
  }
}
