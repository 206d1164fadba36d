package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which of the objects in a token are keys of ours, at one moment. */
final class KeyTable {
  static final KeyTable EMPTY = new KeyTable(Map.of());

  private final Map<Digest, Held> keys;

  private KeyTable(Map<Digest, Held> keys) {
    this.keys = keys;
  }

  /**
   * Reads all certificates of our form that lie beside a private key.
   *
   * @throws TokenUnavailable when a key or a name stands in two of them: nobody can say which one
   *     holds
   */
  static KeyTable read(TokenObjects objects) throws CryptokiException {
    KeyTable table = EMPTY;
    for (long certificate : objects.find(Template.tokenObject(Ck.CKO_CERTIFICATE))) {
      Optional<TokenKey> key =
          objects
              .bytes(certificate, Ck.CKA_VALUE)
              .flatMap(KeyCertificate::read)
              .filter(told -> SuiteMechanism.isKnown(told.suite()));
      Optional<byte[]> id = objects.bytes(certificate, Ck.CKA_ID);
      if (key.isPresent() && id.isPresent()) {
        List<Long> handles = objects.withId(Ck.CKO_PRIVATE_KEY, id.get());
        if (handles.size() == 1) {
          table = table.with(Held.of(objects, key.get(), Bytes.copyOf(id.get()), handles.get(0)));
        }
      }
    }
    return table;
  }

  KeyTable with(Held key) {
    String name = key.key().name();
    Digest keyId = key.key().keyId();
    if (keys.containsKey(keyId) || named(name).isPresent()) {
      throw new TokenUnavailable(
          "two certificates in the token name key '" + name + "': take one out");
    }
    Map<Digest, Held> more = new HashMap<>(keys);
    more.put(keyId, key);
    return new KeyTable(Map.copyOf(more));
  }

  Optional<Held> of(Digest keyId) {
    return Optional.ofNullable(keys.get(keyId));
  }

  Optional<Held> named(String name) {
    return keys.values().stream().filter(held -> held.key().name().equals(name)).findFirst();
  }

  Collection<Held> all() {
    return keys.values();
  }
}
