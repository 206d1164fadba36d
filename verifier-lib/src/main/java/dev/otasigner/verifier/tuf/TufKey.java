package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A key as TUF metadata lists it, TUF 4.2.2; ML-DSA by TAP 21. Its identifier is the SHA-256 of the
 * canonical form of the whole key object, unknown members included.
 *
 * <p>A key that this registry does not support, or whose stated identifier is not its digest, is
 * kept in the document but never counts: {@link #verificationKey()} is empty.
 */
public final class TufKey {
  /** Names a person beside a key that people hold; clients pass over it. */
  private static final String HOLDER = "x-ota-holder";

  private final String keyId;
  private final Json.Obj json;
  private final boolean trueKeyId;

  /**
   * Asked for when somebody is said to have signed with it: a document can list thousands of keys,
   * and to look into each would be the work of whoever sends it, before any signature is checked.
   */
  private final Supplier<Optional<VerificationKey>> reading;

  private volatile @Nullable VerificationKey key;

  private TufKey(String keyId, Json.Obj json, Supplier<Optional<VerificationKey>> reading) {
    this.keyId = keyId;
    this.json = json;
    this.reading = reading;
    this.trueKeyId = Digest.of(json.canonicalBytes()).hex().equals(keyId);
  }

  /**
   * Writes an anchor's key.
   *
   * @throws IllegalArgumentException when TUF has no scheme for the key's suite
   */
  public static TufKey of(Anchor anchor) {
    return of(anchor.key());
  }

  /**
   * Writes a key.
   *
   * @throws IllegalArgumentException when TUF has no scheme for the key's suite
   */
  public static TufKey of(VerificationKey key) {
    Json.Obj json = KeyFormat.write(key);
    return new TufKey(Digest.of(json.canonicalBytes()).hex(), json, () -> Optional.of(key));
  }

  /**
   * Writes a person's key, with the name under the signature of whoever lists it. Who holds two
   * keys is two holders.
   *
   * @throws IllegalArgumentException when TUF has no scheme for the key's suite
   */
  public static TufKey of(VerificationKey key, String holder) {
    Map<String, Json> members = new LinkedHashMap<>(KeyFormat.write(key).members());
    members.put(HOLDER, new Json.Str(holder));
    Json.Obj json = new Json.Obj(members);
    return new TufKey(Digest.of(json.canonicalBytes()).hex(), json, () -> Optional.of(key));
  }

  /** Whose key it is, where the document says so. */
  public Optional<String> holder() {
    return json.members().get(HOLDER) instanceof Json.Str name
        ? Optional.of(name.value())
        : Optional.empty();
  }

  static TufKey read(String keyId, Fields fields) throws RejectedException {
    String keyType = fields.string("keytype");
    String scheme = fields.string("scheme");
    Optional<String> publicKey = fields.object("keyval").optionalString("public");
    return new TufKey(keyId, fields.json(), () -> KeyFormat.read(keyType, scheme, publicKey));
  }

  static Map<String, TufKey> readAll(Fields document) throws RejectedException {
    Fields keys = document.object("keys");
    Map<String, TufKey> result = new LinkedHashMap<>();
    for (String keyId : keys.names()) {
      result.put(keyId, read(keyId, keys.object(keyId)));
    }
    return result;
  }

  static Json.Obj write(Map<String, TufKey> keys) {
    Json.Builder json = Json.object();
    keys.forEach((keyId, key) -> json.put(keyId, key.toJson()));
    return json.build();
  }

  /** A map from key identifiers, as documents hold it. */
  public static Map<String, TufKey> byId(Iterable<TufKey> keys) {
    Map<String, TufKey> result = new LinkedHashMap<>();
    keys.forEach(key -> result.put(key.keyId, key));
    return result;
  }

  /** The identifier under which the document lists it. */
  public String keyId() {
    return keyId;
  }

  /** Whether the identifier is the digest of the key. */
  public boolean hasTrueKeyId() {
    return trueKeyId;
  }

  /** What verifies with it, or empty when it must not count. */
  public Optional<VerificationKey> verificationKey() {
    if (key == null && trueKeyId) {
      key = reading.get().orElse(null);
    }
    return Optional.ofNullable(key);
  }

  /** The key object as the document holds it. */
  public Json.Obj toJson() {
    return json;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TufKey that && keyId.equals(that.keyId) && json.equals(that.json);
  }

  @Override
  public int hashCode() {
    return keyId.hashCode();
  }

  @Override
  public String toString() {
    return keyId.length() > 8 ? keyId.substring(0, 8) : keyId;
  }
}
