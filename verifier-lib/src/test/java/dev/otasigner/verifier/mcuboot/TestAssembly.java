package dev.otasigner.verifier.mcuboot;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/** Images as this code writes them. */
final class TestAssembly {
  private TestAssembly() {}

  static final ImageVersion VERSION = new ImageVersion(34, 12, 0, 0);

  static final byte[] PAYLOAD = "machine code".repeat(100).getBytes(US_ASCII);

  record Signer(TestKey secret) implements ImageSigner {
    @Override
    public VerificationKey key() {
      return secret.key();
    }

    @Override
    public byte[] sign(SigningInput input) {
      return secret.sign(input);
    }
  }

  static AssembleOptions.Builder options() {
    return AssembleOptions.of(VERSION).padHeader().securityCounter(3);
  }

  static byte[] assemble(AssembleOptions options, TestKey... keys)
      throws IOException, RejectedException {
    return assemble(ByteSource.of(PAYLOAD), options, keys);
  }

  static byte[] assemble(ByteSource payload, AssembleOptions options, TestKey... keys)
      throws IOException, RejectedException {
    List<ImageSigner> signers = Stream.of(keys).<ImageSigner>map(Signer::new).toList();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    McubootAssembler.assemble(payload, options, signers, out);
    return out.toByteArray();
  }

  static Bootloader knowing(BootAnchor anchor) {
    return new Bootloader(
        "b", List.of(anchor), List.of(), true, true, true, KeyTlv.KEYHASH, 64 * 1024);
  }
}
