package dev.otasigner.verifier.catalogue;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.manifest.VersionRange;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The head file of a channel and hardware: what its devices may take today, newest first. A build
 * that was withdrawn is absent.
 *
 * @param channel a name of {@link Fields#isName}
 * @param hardware a name of {@link Fields#isName}, without the revision
 * @param issued when it was made, to the second
 * @param candidates each newer than the next
 */
public record Head(String channel, String hardware, Instant issued, List<Candidate> candidates) {
  /** Of a head file. */
  public static final int MAX_BYTES = 512 * 1024;

  private static final int MAX_CANDIDATES = 256;
  private static final int MAX_DEVICES = 2048;
  private static final BigInteger MILLE = BigInteger.valueOf(1000);

  /**
   * A build as listed; a device refuses it when its manifest states otherwise.
   *
   * @param version as its manifest states it
   * @param securityCounter as its manifest states it, u32
   * @param manifest path of the manifest target
   * @param from versions it may be taken from; empty means any
   * @param variants image files, without those of a newer registry; there may be none left
   * @param bridge brings old devices a newer profile; ignores the share
   * @param salt 8 bytes, hex: spreads devices over the share
   * @param sharePerMille 0 to 1000
   * @param hold digests of salt and device id that wait
   * @param test digests of salt and device id that go first
   */
  public record Candidate(
      ImageVersion version,
      long securityCounter,
      String manifest,
      List<VersionRange> from,
      List<Variant> variants,
      boolean bridge,
      Bytes salt,
      int sharePerMille,
      List<Digest> hold,
      List<Digest> test) {
    public Candidate {
      from = List.copyOf(from);
      variants = List.copyOf(variants);
      hold = List.copyOf(hold);
      test = List.copyOf(test);
    }

    /**
     * The build as its manifest states it, at the paths of this channel and hardware: the one way
     * to make a listing that devices do not refuse as a mismatch. Nobody is held back or put first.
     */
    public static Candidate of(
        Manifest manifest,
        String channel,
        String hardware,
        boolean bridge,
        Bytes salt,
        int sharePerMille) {
      List<Variant> variants = new ArrayList<>();
      for (Manifest.Variant v : manifest.variants()) {
        variants.add(
            new Variant(
                v.name(),
                CataloguePaths.image(channel, hardware, manifest.version(), v.name()),
                manifest.format(),
                v.suite(),
                v.hash(),
                v.pure(),
                v.anchors()));
      }
      return new Candidate(
          manifest.version(),
          manifest.securityCounter(),
          CataloguePaths.manifest(channel, hardware, manifest.version()),
          manifest.from(),
          variants,
          bridge,
          salt,
          sharePerMille,
          List.of(),
          List.of());
    }

    /**
     * Whether this device's turn in the staged rollout has come: never on {@code hold}; always for
     * a bridge or on {@code test}; else when the first 8 bytes of its {@link #mark}, as an unsigned
     * number modulo 1000, are below the share.
     */
    public boolean isInShare(String deviceId) {
      Digest mark = mark(salt, deviceId);
      if (hold.contains(mark)) {
        return false;
      }
      if (bridge || test.contains(mark)) {
        return true;
      }
      BigInteger first8 = new BigInteger(1, Arrays.copyOf(mark.bytes(), 8));
      return first8.mod(MILLE).intValue() < sharePerMille;
    }
  }

  /**
   * An image file as listed; a device refuses it when the manifest states otherwise.
   *
   * @param name as the manifest names the variant
   * @param path of the image target
   * @param format as the manifest states it
   * @param suite as the manifest states it
   * @param hash as the manifest states it
   * @param pure as the manifest states it
   * @param anchors as the manifest states them
   */
  public record Variant(
      String name,
      String path,
      ImageFormat format,
      SignatureSuite suite,
      ImageHash hash,
      boolean pure,
      List<Digest> anchors) {
    public Variant {
      anchors = List.copyOf(anchors);
    }
  }

  public Head {
    candidates = List.copyOf(candidates);
  }

  /**
   * SHA-256 of salt and device id: how a head file speaks of a device. It hides no id that can be
   * guessed, for the salt stands beside it: whoever reads the file can test any.
   *
   * @param deviceId in UTF-8 behind the salt
   */
  public static Digest mark(Bytes salt, String deviceId) {
    MessageDigest hash = Digest.sha256();
    hash.update(salt.toByteArray());
    hash.update(deviceId.getBytes(StandardCharsets.UTF_8));
    return Digest.ofHash(hash.digest());
  }

  /**
   * Reads a head file: at most 256 candidates of at most 32 variants, {@link
   * VersionRange#MAX_RANGES} ranges and 2048 devices on hold and on test. A variant of a newer
   * registry is left out.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_BYTES} or for a longer list;
   *     UNSUPPORTED_VERSION for another schema; UNSUPPORTED_CRITICAL for any name in {@code
   *     critical}; MALFORMED, also for candidates that are not in falling order of their versions
   */
  public static Head read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    fields.requireSchema(Set.of());
    List<Candidate> candidates = new ArrayList<>();
    for (Fields item : fields.objects("candidates", MAX_CANDIDATES)) {
      Candidate candidate = readCandidate(item);
      if (!candidates.isEmpty()
          && !candidates.get(candidates.size() - 1).version().isNewerThan(candidate.version())) {
        throw item.malformed("version", "candidates are listed newest first, each version once");
      }
      candidates.add(candidate);
    }
    return new Head(
        fields.name("channel"), fields.name("hardware"), fields.time("issued"), candidates);
  }

  private static Candidate readCandidate(Fields item) throws RejectedException {
    List<Variant> variants = new ArrayList<>();
    for (Fields v : item.objects("variants", 32)) {
      SignatureSuite suite = SignatureSuite.ofCode(v.string("suite"));
      ImageFormat format = ImageFormat.ofCode(v.string("format"));
      ImageHash hash = ImageHash.ofCode(v.string("hash"));
      if (suite == null || format == null || hash == null) {
        // A variant for bootloaders of a newer time: not for us, and no reason to refuse the
        // others.
        continue;
      }
      variants.add(
          new Variant(
              v.name("name"),
              v.string("path"),
              format,
              suite,
              hash,
              v.bool("pure"),
              v.digests("anchors", 32)));
    }
    Bytes salt = item.hex("salt", 8);
    if (salt.length() != 8) {
      throw new RejectedException(
          Reason.MALFORMED, item.where("salt") + ": 16 hex digits are expected");
    }
    return new Candidate(
        item.version("version"),
        item.u32("securityCounter"),
        item.string("manifest"),
        VersionRange.readAll(item, "from"),
        variants,
        item.bool("bridge"),
        salt,
        (int) item.integer("sharePerMille", 0, 1000),
        item.has("hold") ? item.digests("hold", MAX_DEVICES) : List.of(),
        item.has("test") ? item.digests("test", MAX_DEVICES) : List.of());
  }

  /** The form on the wire, as {@link #read} reads it. */
  public Json.Obj toJson() {
    List<Json> items = new ArrayList<>();
    for (Candidate c : candidates) {
      items.add(toJson(c));
    }
    return Json.object()
        .put("schema", 1)
        .put("channel", channel)
        .put("hardware", hardware)
        .put("issued", issued)
        .put("candidates", items)
        .build();
  }

  private static Json toJson(Candidate c) {
    List<Json> variants = new ArrayList<>();
    for (Variant v : c.variants()) {
      variants.add(
          Json.object()
              .put("name", v.name)
              .put("path", v.path)
              .put("format", v.format.code())
              .put("suite", v.suite.code())
              .put("hash", v.hash.code())
              .put("pure", v.pure)
              .put("anchors", Json.strings(v.anchors.stream().map(Digest::hex).toList()))
              .build());
    }
    Json.Builder json =
        Json.object()
            .put("version", c.version.toString())
            .put("securityCounter", c.securityCounter)
            .put("manifest", c.manifest)
            .put("from", VersionRange.toJson(c.from))
            .put("variants", variants)
            .put("bridge", c.bridge)
            .put("salt", c.salt.hex())
            .put("sharePerMille", c.sharePerMille);
    if (!c.hold.isEmpty()) {
      json.put("hold", Json.strings(c.hold.stream().map(Digest::hex).toList()));
    }
    if (!c.test.isEmpty()) {
      json.put("test", Json.strings(c.test.stream().map(Digest::hex).toList()));
    }
    return json.build();
  }
}
