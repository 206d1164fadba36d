package dev.otasigner.verifier.device;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * A key compiled into a bootloader, with the hash its images carry. On the wire an anchor with
 * {@code hash} and {@code pure}.
 *
 * @param anchor key and suite
 * @param hash the hash TLV the bootloader checks
 * @param pure the key signs the image itself rather than its hash (Ed25519 only)
 */
public record BootAnchor(Anchor anchor, ImageHash hash, boolean pure) {
  /** Of one bootloader, present ones and those on trial apart. */
  public static final int MAX_ANCHORS = 16;

  /** The hash over an image's signed region. */
  public enum ImageHash {
    /** FIPS 180-4, 32 bytes. */
    SHA256("sha256", "SHA-256"),

    /** FIPS 180-4, 48 bytes. */
    SHA384("sha384", "SHA-384"),

    /** FIPS 180-4, 64 bytes. */
    SHA512("sha512", "SHA-512");

    private final String code;
    private final String jcaName;

    ImageHash(String code, String jcaName) {
      this.code = code;
      this.jcaName = jcaName;
    }

    /** The name on the wire: {@code sha256}. */
    public String code() {
      return code;
    }

    /** The name in the JDK: {@code SHA-256}. */
    public String jcaName() {
      return jcaName;
    }

    /** The hash of this name on the wire, or null when there is none. */
    public static @org.jspecify.annotations.Nullable ImageHash ofCode(String code) {
      for (ImageHash hash : values()) {
        if (hash.code.equals(code)) {
          return hash;
        }
      }
      return null;
    }
  }

  public BootAnchor {
    if (!isCombination(anchor.suite(), hash, pure)) {
      throw new IllegalArgumentException(
          "no bootloader checks " + anchor.suite().code() + " over " + hash.code());
    }
  }

  /** The anchor with the hash that bootloaders use with its suite by default. */
  public static BootAnchor of(Anchor anchor) {
    return new BootAnchor(anchor, usualHash(anchor.suite()), false);
  }

  /** Whether bootloaders check signatures of this suite at all. */
  public static boolean isFor(SignatureSuite suite) {
    return isCombination(suite, usualHash(suite), false);
  }

  private static ImageHash usualHash(SignatureSuite suite) {
    return suite == SignatureSuite.ECDSA_P384_SHA384 ? ImageHash.SHA384 : ImageHash.SHA256;
  }

  /** The combinations that MCUboot can be built for. */
  private static boolean isCombination(SignatureSuite suite, ImageHash hash, boolean pure) {
    return switch (suite) {
      case RSA_PSS_2048_SHA256, RSA_PSS_3072_SHA256, ECDSA_P256_SHA256 ->
          hash == ImageHash.SHA256 && !pure;
      case ECDSA_P384_SHA384 -> hash == ImageHash.SHA384 && !pure;
      case ED25519 -> pure ? hash == ImageHash.SHA512 : hash != ImageHash.SHA384;
      case RSA_PKCS1_2048_SHA256,
          RSA_PKCS1_3072_SHA256,
          RSA_PKCS1_3072_SHA384,
          RSA_PKCS1_4096_SHA256,
          RSA_PKCS1_4096_SHA512,
          RSA_PSS_4096_SHA256,
          RSA_PSS_4096_SHA384,
          RSA_PSS_4096_SHA512,
          ECDSA_P521_SHA512,
          ML_DSA_44,
          ML_DSA_65,
          ML_DSA_87,
          SLH_DSA_SHA2_128S,
          SLH_DSA_SHA2_192S,
          HSS_LMS ->
          false;
    };
  }

  /**
   * Reads a boot anchor.
   *
   * @throws RejectedException UNSUPPORTED_ALGORITHM for a suite and hash that MCUboot cannot be
   *     built for; any reason of {@link Anchor#read}
   */
  public static BootAnchor read(Fields fields) throws RejectedException {
    Anchor anchor = Anchor.read(fields);
    ImageHash hash = fields.oneOf("hash", ImageHash::ofCode, "image hash");
    boolean pure = fields.bool("pure");
    if (!isCombination(anchor.suite(), hash, pure)) {
      throw new RejectedException(
          Reason.UNSUPPORTED_ALGORITHM,
          fields.where("hash") + ": no bootloader checks " + anchor.suite().code() + " this way");
    }
    return new BootAnchor(anchor, hash, pure);
  }

  /**
   * Reads an array of boot anchors.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_ANCHORS}; any reason of {@link #read}
   */
  public static List<BootAnchor> readAll(Fields fields, String name) throws RejectedException {
    List<BootAnchor> anchors = new ArrayList<>();
    for (Fields item : fields.objects(name, MAX_ANCHORS)) {
      anchors.add(read(item));
    }
    return anchors;
  }

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public Digest keyId() {
    return anchor.keyId();
  }

  /** The form on the wire, as {@link #read} reads it. */
  public Json.Obj toJson() {
    java.util.LinkedHashMap<String, Json> members =
        new java.util.LinkedHashMap<>(anchor.toJson().members());
    members.put("hash", new Json.Str(hash.code()));
    members.put("pure", new Json.Bool(pure));
    return new Json.Obj(members);
  }

  /** The form of a list on the wire. */
  public static Json toJson(List<BootAnchor> anchors) {
    return new Json.Arr(new ArrayList<>(anchors.stream().map(BootAnchor::toJson).toList()));
  }
}
