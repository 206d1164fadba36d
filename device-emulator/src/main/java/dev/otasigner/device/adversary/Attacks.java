package dev.otasigner.device.adversary;

import dev.otasigner.verifier.Reason;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** The attacks of the TUF specification, section 1.5.2, and some of our own. */
public final class Attacks {
  private static final int BOMB_BYTES = 64 << 20;
  private static final int SPACE = ' ';
  private static final String TIMESTAMP = "timestamp.json";
  private static final String SNAPSHOT = "snapshot.json";
  private static final String IMAGE = ".img";
  private static final String RENEWAL = "/device/v1/renew";

  private Attacks() {}

  /** Arbitrary software: one bit of every image is another. */
  public static Attack tamperedImage() {
    return changed(
        "tampered-image",
        Set.of(Reason.TARGET_DIGEST_MISMATCH),
        asked -> asked.isTarget(IMAGE),
        Edits::flipped);
  }

  /** One bit of every manifest is another. */
  public static Attack tamperedManifest() {
    return changed(
        "tampered-manifest",
        Set.of(Reason.TARGET_DIGEST_MISMATCH),
        asked -> asked.isTarget(".manifest"),
        Edits::flipped);
  }

  /** The timestamp says that it is one version newer than what was signed. */
  public static Attack tamperedMetadata() {
    return changed(
        "tampered-metadata",
        Set.of(Reason.BAD_SIGNATURE, Reason.BELOW_THRESHOLD),
        asked -> asked.isMetadata(TIMESTAMP),
        Edits::advanced);
  }

  /** Images have more bytes than listed. */
  public static Attack longerImage() {
    return changed(
        "longer-image",
        Set.of(Reason.TARGET_LENGTH_MISMATCH),
        asked -> asked.isTarget(IMAGE),
        file -> Arrays.copyOf(file, file.length + 1));
  }

  /** Rollback: the catalogue of then, to a device that has seen a newer one. */
  public static Attack rolledBack(Recording then) {
    return replayed("rolled-back", Set.of(Reason.METADATA_ROLLED_BACK), then);
  }

  /** Indefinite freeze: the catalogue of then, for ever; refused once it has expired. */
  public static Attack frozen(Recording then) {
    return replayed("frozen", Set.of(Reason.METADATA_EXPIRED), then);
  }

  private static Attack replayed(String name, Set<Reason> refusals, Recording then) {
    return new Attack(name, refusals, asked -> then.at(asked.path()).map(Answer::of));
  }

  /** Mix and match: today's timestamp, and the snapshot of then. */
  public static Attack mixed(Recording then) {
    return new Attack(
        "mixed",
        Set.of(Reason.METADATA_DIGEST_MISMATCH, Reason.METADATA_VERSION_MISMATCH),
        asked ->
            asked.isMetadata(SNAPSHOT)
                ? then.inPlaceOf(asked.path()).map(Answer::of)
                : Optional.empty());
  }

  /** The snapshot stands in for the timestamp. */
  public static Attack wrongRole(Recording then) {
    return new Attack(
        "wrong-role",
        Set.of(Reason.METADATA_WRONG_ROLE),
        asked ->
            asked.isMetadata(TIMESTAMP)
                ? then.inPlaceOf(asked.path().replace(TIMESTAMP, "x." + SNAPSHOT)).map(Answer::of)
                : Optional.empty());
  }

  /**
   * The head file of then, which lists a build that was withdrawn since, under today's metadata.
   */
  public static Attack withdrawnBuild(Recording then) {
    return new Attack(
        "withdrawn-build",
        Set.of(Reason.TARGET_DIGEST_MISMATCH, Reason.TARGET_LENGTH_MISMATCH),
        asked ->
            asked.isTarget(".head.json")
                ? then.inPlaceOf(asked.path()).map(Answer::of)
                : Optional.empty());
  }

  /** Endless data: a timestamp without end. */
  public static Attack endlessMetadata() {
    return answered(
        "endless-metadata",
        Set.of(Reason.LIMIT_EXCEEDED),
        asked -> asked.isMetadata(TIMESTAMP),
        () -> Answer.endless(SPACE));
  }

  /** A small body that unpacks to 64 MiB of metadata. */
  public static Attack bomb() {
    return answered(
        "bomb",
        Set.of(Reason.LIMIT_EXCEEDED),
        asked -> asked.isMetadata(TIMESTAMP),
        () -> Answer.encoded(Edits.packedSpaces(BOMB_BYTES), "gzip"));
  }

  /** Endless data: images without end. */
  public static Attack endlessImage() {
    return answered(
        "endless-image",
        Set.of(Reason.TARGET_LENGTH_MISMATCH, Reason.TARGET_DIGEST_MISMATCH),
        asked -> asked.isTarget(IMAGE),
        () -> Answer.endless(0));
  }

  /** Every image is this other one: listed too perhaps, and signed, but not what was asked for. */
  public static Attack swappedImage(byte[] other) {
    return answered(
        "swapped-image",
        Set.of(Reason.TARGET_DIGEST_MISMATCH, Reason.TARGET_LENGTH_MISMATCH),
        asked -> asked.isTarget(IMAGE),
        () -> Answer.of(other));
  }

  /**
   * Metadata of this name, without the signatures of these keys: half of a hybrid is left.
   *
   * @param name such as {@code root.json}
   * @param keyIds as TUF names them
   */
  public static Attack strippedMetadata(String name, Set<String> keyIds) {
    return changed(
        "stripped-metadata",
        Set.of(Reason.BELOW_THRESHOLD),
        asked -> asked.isMetadata(name),
        file -> Edits.without(file, keyIds));
  }

  /** Manifests, without the signatures of these keys. */
  public static Attack strippedManifest(Set<String> keyIds) {
    return changed(
        "stripped-manifest",
        Set.of(Reason.TARGET_LENGTH_MISMATCH),
        asked -> asked.isTarget(".manifest"),
        file -> Edits.without(file, keyIds));
  }

  /** The device is sent elsewhere. */
  public static Attack redirected(String location) {
    return answered(
        "redirected",
        Set.of(),
        asked -> asked.isMetadata(TIMESTAMP),
        () -> Answer.redirect(location));
  }

  /** Every image breaks off in its middle, each time from its beginning. */
  public static Attack brokenOff() {
    return new Attack(
        "broken-off",
        Set.of(),
        asked ->
            asked.isTarget(IMAGE)
                ? asked.truth().map(file -> Answer.brokenOff(file, file.length / 2))
                : Optional.empty());
  }

  /** The catalogue is gone, by the adversary's word. */
  public static Attack emptied() {
    return answered("emptied", Set.of(), asked -> asked.isMetadata(TIMESTAMP), Answer::nothing);
  }

  /**
   * The device is nobody, and gets a certificate that is none when it asks for one: it shall throw
   * its own away.
   */
  public static Attack falseCertificates() throws IOException {
    FalseAuthority authority = FalseAuthority.make();
    return new Attack(
        "false-certificates",
        Set.of(),
        asked ->
            asked.isPost(RENEWAL)
                ? authority.certify(asked).map(Answer::created)
                : Optional.of(Answer.forbidden()));
  }

  private static Attack changed(
      String name, Set<Reason> refusals, Predicate<Asked> where, UnaryOperator<byte[]> change) {
    return new Attack(
        name,
        refusals,
        asked ->
            where.test(asked)
                ? asked.truth().flatMap(file -> lie(file, change.apply(file)))
                : Optional.empty());
  }

  /** What is as it was is no lie. */
  private static Optional<Answer> lie(byte[] truth, byte[] changed) {
    return Arrays.equals(truth, changed) ? Optional.empty() : Optional.of(Answer.of(changed));
  }

  private interface Made {
    Answer answer() throws IOException;
  }

  private static Attack answered(
      String name, Set<Reason> refusals, Predicate<Asked> where, Made made) {
    return new Attack(
        name, refusals, asked -> where.test(asked) ? Optional.of(made.answer()) : Optional.empty());
  }
}
