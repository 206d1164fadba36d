package dev.otasigner.verifier.fuzz;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.mcuboot.ImageFuzz;
import dev.otasigner.verifier.tuf.TufFuzz;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * One parser.
 *
 * @param name as {@code -Dfuzz.target} says it
 * @param claim what must hold for any input
 * @param maker of inputs to begin with
 */
record FuzzTarget(String name, Claim claim, Supplier<List<byte[]>> maker) {
  static final List<FuzzTarget> ALL =
      List.of(
          new FuzzTarget("json", DocumentFuzz::json, FuzzTarget::documents),
          new FuzzTarget("canonical-json", DocumentFuzz::canonicalJson, FuzzTarget::documents),
          new FuzzTarget("text", DocumentFuzz::text, FuzzTarget::texts),
          document("manifest", DocumentFuzz::manifest, JudgementFuzz::manifest),
          document("profile", DocumentFuzz::profile, JudgementFuzz::profile),
          document("head", DocumentFuzz::head, JudgementFuzz::head),
          document("device-state", DocumentFuzz::deviceState, JudgementFuzz::deviceState),
          document("envelope", DocumentFuzz::envelope, JudgementFuzz::envelope),
          new FuzzTarget("image", FuzzTarget::image, ImageFuzz::seeds),
          new FuzzTarget("image-of-entries", FuzzTarget::imageOfEntries, FuzzTarget::scripts),
          new FuzzTarget("key", KeyFuzz::readKey, KeyFuzz::keySeeds),
          new FuzzTarget("signature", KeyFuzz::verifySignature, KeyFuzz::signatureSeeds),
          new FuzzTarget("metadata", FuzzTarget::metadata, TufFuzz::documents),
          new FuzzTarget(
              "path-pattern",
              input -> TufFuzz.matchAsWritten(new Script(input)),
              FuzzTarget::scripts),
          new FuzzTarget("update", input -> TufFuzz.update(new Script(input)), FuzzTarget::scripts),
          new FuzzTarget("judgement", JudgementFuzz::judge, FuzzTarget::scripts));

  /** Takes an input, and throws only when a property does not hold. */
  interface Claim {
    void holdsFor(byte[] input) throws IOException;
  }

  private interface DocumentClaim {
    void holdsFor(byte[] input, byte[] sound);
  }

  List<byte[]> seeds() {
    return maker.get();
  }

  static FuzzTarget named(String name) {
    return ALL.stream()
        .filter(target -> target.name.equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no target is called " + name));
  }

  private static FuzzTarget document(String name, DocumentClaim claim, Supplier<byte[]> sound) {
    return new FuzzTarget(
        name,
        input -> claim.holdsFor(input, sound.get()),
        () -> {
          List<byte[]> seeds = new ArrayList<>(scripts());
          seeds.add(sound.get());
          return seeds;
        });
  }

  private static void image(byte[] input) throws IOException {
    ImageFuzz.readAndJudge(input, input.length);
  }

  private static void imageOfEntries(byte[] input) throws IOException {
    Script script = new Script(input);
    int options = script.next();
    ImageFuzz.readAndJudge(ImageFuzz.image(script), options);
  }

  private static void metadata(byte[] input) {
    byte[] file = input;
    if (input.length == 0 || input[0] != '{') {
      try {
        file = TufFuzz.edited(new Script(input));
      } catch (RejectedException e) {
        throw new IllegalStateException(e);
      }
    }
    TufFuzz.readAsEachType(file);
  }

  private static List<byte[]> documents() {
    return List.of(
        bytes("{\"a\":[1,-2,true,null,\"\\u20ac\\n\"],\"b\":{}}"),
        bytes("{\"a\":\"\\\\\\\"\",\"b\":9223372036854775807}"),
        JudgementFuzz.manifest());
  }

  private static List<byte[]> texts() {
    return List.of(
        bytes("\u000034.12.0+0"),
        bytes("\u000134.12"),
        bytes("\u0002" + "0a".repeat(32)),
        bytes("\u00030a"),
        bytes("\u0004Zm9v"),
        bytes("\u00052026-11-22T09:30:00Z"),
        bytes("\u00059999-12-31T24:00:00Z"));
  }

  /** Instructions: none, and some that were drawn once and for all. */
  private static List<byte[]> scripts() {
    Random random = new Random(3);
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(new byte[1]);
    for (int i = 0; i < 24; i++) {
      byte[] script = new byte[8 + i];
      random.nextBytes(script);
      seeds.add(script);
    }
    return seeds;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The input of {@link FuzzDriver} that is this one's of this target. */
  byte[] addressed(byte[] input) {
    byte[] addressed = new byte[input.length + 1];
    addressed[0] = (byte) ALL.indexOf(this);
    System.arraycopy(input, 0, addressed, 1, input.length);
    return addressed;
  }

  static FuzzTarget addressee(byte[] addressed) {
    return ALL.get((addressed[0] & 0xff) % ALL.size());
  }

  static byte[] content(byte[] addressed) {
    return Arrays.copyOfRange(addressed, 1, addressed.length);
  }

  @Override
  public String toString() {
    return name;
  }
}
