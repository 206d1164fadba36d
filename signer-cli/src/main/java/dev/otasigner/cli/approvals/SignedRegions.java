package dev.otasigner.cli.approvals;

import dev.otasigner.cli.local.KeygenCommand;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What keys could be given to sign for one image: its hash of any kind, or for pure signatures the
 * image itself. The image is assembled up to its first signature, which is never made.
 */
final class SignedRegions {
  private final Map<ImageHash, Digest> hashed = new EnumMap<>(ImageHash.class);
  private final Digest whole;

  private SignedRegions(Map<ImageHash, byte[]> hashes) {
    hashes.forEach((kind, hash) -> hashed.put(kind, Digest.of(hash)));
    this.whole = Digest.ofHash(Objects.requireNonNull(hashes.get(ImageHash.SHA256)));
  }

  /** As a request's document lists it under {@code toBeSigned}. */
  Digest of(ImageHash hash, boolean pure) {
    return pure ? whole : Objects.requireNonNull(hashed.get(hash));
  }

  /** Hashes the image that would be made of this payload. */
  static SignedRegions of(ByteSource payload, AssembleOptions options)
      throws IOException, RejectedException {
    Hashes region = new Hashes();
    Nobody signer = new Nobody();
    try {
      McubootAssembler.assemble(payload, options, List.of(signer), region);
    } catch (NotSignedException e) {
      return new SignedRegions(region.values());
    }
    throw new IllegalStateException("an image was assembled without its signer");
  }

  /** Hashes the region in every way at once. */
  private static final class Hashes extends OutputStream {
    private final Map<ImageHash, MessageDigest> digests = new EnumMap<>(ImageHash.class);

    Hashes() {
      for (ImageHash hash : ImageHash.values()) {
        digests.put(hash, Digest.digest(hash.jcaName()));
      }
    }

    @Override
    public void write(int value) {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      digests.values().forEach(digest -> digest.update(bytes, offset, length));
    }

    Map<ImageHash, byte[]> values() {
      Map<ImageHash, byte[]> values = new EnumMap<>(ImageHash.class);
      digests.forEach((hash, digest) -> values.put(hash, digest.digest()));
      return values;
    }
  }

  /** A key made up for the occasion: what is hashed does not depend on whose it is. */
  private record Nobody(VerificationKey key) implements ImageSigner {
    Nobody() throws RejectedException {
      this(
          VerificationKey.of(
              SignatureSuite.ED25519,
              Bytes.copyOf(KeygenCommand.generate("ed25519").getPublic().getEncoded())));
    }

    @Override
    public byte[] sign(SigningInput input) throws IOException {
      throw new NotSignedException();
    }
  }

  private static final class NotSignedException extends IOException {
    private static final long serialVersionUID = 1L;
  }
}
