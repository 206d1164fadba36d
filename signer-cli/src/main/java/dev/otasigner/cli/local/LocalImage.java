package dev.otasigner.cli.local;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.local.LocalKey;
import dev.otasigner.keys.local.LocalKeys;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import dev.otasigner.verifier.mcuboot.TrustCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** Signs an image with keys of one's own, then asks the device's own code about it. */
public final class LocalImage {
  private LocalImage() {}

  /**
   * Writes the signed image, whole or not at all.
   *
   * @param names of keys: files, or PKCS#11 URIs
   * @return the keys that have signed
   */
  public static List<VerificationKey> sign(
      Path payload, AssembleOptions options, LocalKeys keys, List<String> names, Path output)
      throws IOException, RejectedException {
    if (Files.exists(output) && Files.isSameFile(payload, output)) {
      throw CommandFailedException.usage("the output would replace the payload");
    }
    if (!Files.exists(payload)) {
      throw new NoSuchFileException(payload.toString());
    }
    List<ImageSigner> signers = new ArrayList<>();
    for (String name : names) {
      signers.add(signer(keys, name));
    }
    assemble(payload, options, signers, output);
    List<VerificationKey> signed = signers.stream().map(ImageSigner::key).toList();
    try {
      TrustCheck.judge(ByteSource.of(output), signed, TrustCheck.Demand.ALL, OptionalLong.empty());
    } catch (RejectedException e) {
      Files.deleteIfExists(output);
      throw e;
    }
    return signed;
  }

  private static void assemble(
      Path payload, AssembleOptions options, List<ImageSigner> signers, Path output)
      throws IOException, RejectedException {
    try {
      McubootAssembler.assemble(ByteSource.of(payload), options, signers, output);
    } catch (KeyOperationException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }

  private static ImageSigner signer(LocalKeys keys, String name) throws IOException {
    try {
      LocalKey key = keys.forImages(name);
      return new ImageSigner() {
        @Override
        public VerificationKey key() {
          return key.key();
        }

        @Override
        public byte[] sign(SigningInput input) {
          return key.sign(input);
        }
      };
    } catch (KeyOperationException | IllegalArgumentException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }
}
