package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A metadata file, TUF 4.2.1: the signed object, and signatures over its canonical form. Reading
 * one verifies nothing yet.
 *
 * @param <T> what is signed
 */
public final class SignedMetadata<T extends Metadata> {
  /** What goes before the digest that an ML-DSA key signs, TAP 21. */
  private static final byte[] TAP_21_TAG = {'t', 'u', 'f', 1};

  private final T signed;
  private final Bytes bytes;
  private final byte[] canonical;
  private final Map<String, String> signatures;

  private SignedMetadata(T signed, Bytes bytes, byte[] canonical, Map<String, String> signatures) {
    this.signed = signed;
    this.bytes = bytes;
    this.canonical = canonical;
    this.signatures = signatures;
  }

  /** How the signed object of a role is read. */
  interface Reader<T extends Metadata> {
    T read(Fields signed, TufLimits.Counts counts) throws RejectedException;
  }

  /**
   * A signature beside a signed object.
   *
   * @param keyId as the role lists the key
   * @param signature of the bytes that {@link #toBeSigned} names
   */
  public record KeySignature(String keyId, Bytes signature) {
    /** This key's signature. */
    public static KeySignature of(TufKey key, byte[] signature) {
      return new KeySignature(key.keyId(), Bytes.copyOf(signature));
    }
  }

  /**
   * Reads a root, TUF 4.3.
   *
   * @param maxBytes of the file
   * @throws RejectedException with the reasons of {@link #root(byte[], TufLimits)}
   */
  public static SignedMetadata<Root> root(byte[] bytes, int maxBytes) throws RejectedException {
    return root(bytes, TufLimits.COMMON.withRootBytes(maxBytes));
  }

  /**
   * The same under a client's limits.
   *
   * @throws RejectedException METADATA_WRONG_ROLE for another type of file; UNSUPPORTED_VERSION for
   *     another major version of the specification; LIMIT_EXCEEDED over {@link TufLimits#rootBytes}
   *     or {@link TufLimits.Counts}; MALFORMED
   */
  public static SignedMetadata<Root> root(byte[] bytes, TufLimits limits) throws RejectedException {
    return read(bytes, limits.rootBytes(), limits.counts(), Root::read);
  }

  /**
   * Reads a timestamp, TUF 4.6.
   *
   * @param maxBytes of the file
   * @throws RejectedException with the reasons of {@link #timestamp(byte[], TufLimits)}
   */
  public static SignedMetadata<Timestamp> timestamp(byte[] bytes, int maxBytes)
      throws RejectedException {
    return timestamp(bytes, TufLimits.COMMON.withTimestampBytes(maxBytes));
  }

  /**
   * The same under a client's limits.
   *
   * @throws RejectedException METADATA_WRONG_ROLE for another type of file; UNSUPPORTED_VERSION for
   *     another major version of the specification; LIMIT_EXCEEDED over {@link
   *     TufLimits#timestampBytes} or {@link TufLimits.Counts}; MALFORMED
   */
  public static SignedMetadata<Timestamp> timestamp(byte[] bytes, TufLimits limits)
      throws RejectedException {
    return read(bytes, limits.timestampBytes(), limits.counts(), Timestamp::read);
  }

  /**
   * Reads a snapshot, TUF 4.4.
   *
   * @param maxBytes of the file
   * @throws RejectedException with the reasons of {@link #snapshot(byte[], TufLimits)}
   */
  public static SignedMetadata<Snapshot> snapshot(byte[] bytes, int maxBytes)
      throws RejectedException {
    return snapshot(bytes, TufLimits.COMMON.withSnapshotBytes(maxBytes));
  }

  /**
   * The same under a client's limits.
   *
   * @throws RejectedException METADATA_WRONG_ROLE for another type of file; METADATA_MISSING when
   *     it does not list the targets role; UNSUPPORTED_VERSION for another major version of the
   *     specification; LIMIT_EXCEEDED over {@link TufLimits#snapshotBytes} or {@link
   *     TufLimits.Counts}; MALFORMED
   */
  public static SignedMetadata<Snapshot> snapshot(byte[] bytes, TufLimits limits)
      throws RejectedException {
    return read(bytes, limits.snapshotBytes(), limits.counts(), Snapshot::read);
  }

  /**
   * Reads the top-level targets role or a delegated one, TUF 4.5.
   *
   * @param maxBytes of the file
   * @throws RejectedException with the reasons of {@link #targets(byte[], TufLimits)}
   */
  public static SignedMetadata<Targets> targets(byte[] bytes, int maxBytes)
      throws RejectedException {
    return targets(bytes, TufLimits.COMMON.withTargetsBytes(maxBytes));
  }

  /**
   * The same under a client's limits.
   *
   * @throws RejectedException METADATA_WRONG_ROLE for another type of file; UNSUPPORTED_VERSION for
   *     another major version of the specification; LIMIT_EXCEEDED over {@link
   *     TufLimits#targetsBytes} or {@link TufLimits.Counts}; MALFORMED
   */
  public static SignedMetadata<Targets> targets(byte[] bytes, TufLimits limits)
      throws RejectedException {
    return read(bytes, limits.targetsBytes(), limits.counts(), Targets::read);
  }

  private static <T extends Metadata> SignedMetadata<T> read(
      byte[] bytes, int maxBytes, TufLimits.Counts counts, Reader<T> reader)
      throws RejectedException {
    Fields file = JsonReader.readObject(bytes, maxBytes);
    Fields signed = file.object("signed");
    Map<String, String> signatures = new LinkedHashMap<>();
    for (Fields item : file.objects("signatures", counts.signatures())) {
      // TUF 4.2.1: a key identifier is unique among the signatures, or the file is invalid.
      if (signatures.put(item.string("keyid"), item.string("sig")) != null) {
        throw item.malformed("keyid", "this key has signed twice");
      }
    }
    return new SignedMetadata<>(
        reader.read(signed, counts),
        Bytes.copyOf(bytes),
        signed.json().canonicalBytes(),
        signatures);
  }

  /**
   * The bytes that this key signs: the canonical form of the signed object, or for ML-DSA the
   * tagged digest of it (TAP 21).
   *
   * @throws IllegalArgumentException when the key must not count for anybody
   */
  public static byte[] toBeSigned(TufKey key, Json.Obj signed) {
    VerificationKey with =
        key.verificationKey()
            .orElseThrow(() -> new IllegalArgumentException("a key that never counts: " + key));
    return toBeSigned(with, signed.canonicalBytes());
  }

  /**
   * The same from the canonical form.
   *
   * @param canonical canonical JSON of the signed object
   */
  public static byte[] toBeSigned(VerificationKey key, byte[] canonical) {
    if (key.suite().family() != SignatureSuite.Family.ML_DSA) {
      return canonical.clone();
    }
    // TAP 21: pure ML-DSA with an empty context over the tag and the SHA-512.
    ByteArrayOutputStream out = new ByteArrayOutputStream(68);
    out.writeBytes(TAP_21_TAG);
    out.writeBytes(Digest.digest("SHA-512").digest(canonical));
    return out.toByteArray();
  }

  /** The file to publish, as JSON text in UTF-8. */
  public static byte[] envelope(Json.Obj signed, List<KeySignature> signatures) {
    List<Json.Obj> items =
        signatures.stream()
            .map(s -> Json.object().put("keyid", s.keyId).put("sig", s.signature.hex()).build())
            .toList();
    return Json.object().put("signatures", items).put("signed", signed).build().textBytes();
  }

  /** What stands beside the signed object, hex by key identifier; nobody has verified any of it. */
  public Map<String, String> signatures() {
    return Collections.unmodifiableMap(signatures);
  }

  /** The file to publish with further signatures; those of a key that stands there are replaced. */
  public byte[] with(List<KeySignature> more) {
    Map<String, String> all = new LinkedHashMap<>(signatures);
    more.forEach(s -> all.put(s.keyId, s.signature.hex()));
    List<Json.Obj> items = new ArrayList<>();
    all.forEach((id, sig) -> items.add(Json.object().put("keyid", id).put("sig", sig).build()));
    return Json.object().put("signatures", items).put("signed", signedJson()).build().textBytes();
  }

  /** The signed object as received, with members that nobody here knows. */
  public Json.Obj signedJson() {
    try {
      return JsonReader.readObject(bytes.toByteArray(), bytes.length()).object("signed").json();
    } catch (RejectedException e) {
      throw new IllegalStateException("a file that was read is not read again", e);
    }
  }

  /**
   * The keys of the role that have validly signed, each with its suite, once however many
   * identifiers it has.
   *
   * <p>A signature that is empty, garbled, by an unknown key or just wrong is left aside: others
   * may still reach the threshold.
   */
  public Set<VerificationKey> validSigners(Map<String, TufKey> keys, RoleKeys role) {
    Set<VerificationKey> valid = new LinkedHashSet<>();
    for (String keyId : role.keyIds()) {
      TufKey key = keys.get(keyId);
      String signature = signatures.get(keyId);
      if (key != null && signature != null && key.verificationKey().isPresent()) {
        VerificationKey with = key.verificationKey().get();
        if (isValid(with, signature)) {
          valid.add(with);
        }
      }
    }
    return valid;
  }

  private boolean isValid(VerificationKey key, String hex) {
    Optional<Bytes> signature = KeyFormat.hex(hex);
    if (signature.isEmpty()) {
      return false;
    }
    try {
      key.verify(toBeSigned(key, canonical), signature.get().toByteArray());
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  /** The signed object; nobody has checked by whom. */
  public T signed() {
    return signed;
  }

  /** The file as received. */
  public Bytes bytes() {
    return bytes;
  }

  @Override
  public String toString() {
    return signed.type()
        + " version "
        + signed.version()
        + ", "
        + signatures.size()
        + " signatures";
  }
}
