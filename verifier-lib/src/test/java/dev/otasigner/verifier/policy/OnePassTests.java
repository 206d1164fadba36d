package dev.otasigner.verifier.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * The judgement reads the image once, and what it hashes for the manifest is what it judges for the
 * bootloader: RFC 9124, THREAT.MFST.TOCTOU.
 */
class OnePassTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);

  private final DeviceState device = TestFleet.device();

  /** Shows one of several files each time it is opened, and counts what is read. */
  private static final class Watched implements ByteSource {
    private final IntFunction<byte[]> face;
    private int opens;
    private long bytes;

    /**
     * A source.
     *
     * @param face what is shown at the first (0), second (1) and any further opening
     */
    Watched(IntFunction<byte[]> face) {
      this.face = face;
    }

    @Override
    public long lengthBytes() {
      return face.apply(0).length;
    }

    @Override
    public InputStream open() {
      return new FilterInputStream(new ByteArrayInputStream(face.apply(opens++))) {
        @Override
        public int read() throws IOException {
          int value = super.read();
          bytes += value < 0 ? 0 : 1;
          return value;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
          int count = super.read(into, offset, length);
          bytes += Math.max(0, count);
          return count;
        }
      };
    }
  }

  private static Candidate with(Made build, ByteSource image) {
    return new Candidate(
        build.listing(),
        build.listing().variants().get(0),
        build.envelope(),
        image,
        build.profile(),
        build.candidate().bootloaderComponent());
  }

  private Watched judged(Made build) throws Exception {
    byte[] image = build.image(build.listing().variants().get(0).name());
    Watched watched = new Watched(opening -> image);
    UpgradePolicy.judge(device, FACTORY, with(build, watched));
    return watched;
  }

  /** All but the payload. */
  private static long structureBytes(Made build) {
    return build.image(build.listing().variants().get(0).name()).length - 4096L;
  }

  @Test
  void theImageIsReadOnceBesideItsStructure() throws Exception {
    Made build = TestBuild.of("34.0").make();
    Watched watched = judged(build);
    assertThat(watched.opens).isEqualTo(2);
    assertThat(watched.bytes)
        .isBetween(
            (long) build.image("main").length, build.image("main").length + structureBytes(build));
  }

  @Test
  void presentAndNextBootloaderAreJudgedOnTheSamePass() throws Exception {
    Bootloader next = TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor());
    Made build = TestBuild.of("34.0").brings(next, TestFleet.OLD_IMAGE_KEY).make();
    Watched watched = judged(build);
    assertThat(watched.opens).isEqualTo(2);
    assertThat(watched.bytes)
        .isLessThanOrEqualTo(build.image("main").length + structureBytes(build));
  }

  @Test
  void aNextBootloaderOfAnotherHashIsJudgedOnTheSamePass() throws Exception {
    Bootloader next = TestFleet.bootloader("boot-2", P384.bootAnchor());
    Made build =
        TestBuild.of("34.0").image("p384", P384).brings(next, TestFleet.OLD_IMAGE_KEY).make();
    assertThat(judged(build).opens).isEqualTo(2);
  }

  @Test
  void anOpaqueImageIsReadOnce() throws Exception {
    DeviceState checksNothing = TestFleet.device(TestFleet.bootloader("boot-0"), FACTORY);
    Made build = TestBuild.of("34.0").opaque().make();
    Watched watched = new Watched(opening -> build.image("main"));
    UpgradePolicy.judge(checksNothing, FACTORY, with(build, watched));
    assertThat(watched.opens).isEqualTo(1);
    assertThat(watched.bytes).isEqualTo(build.image("main").length);
  }

  /** The same version and counter by the same key, and another payload. */
  private static byte[] other(Made build) {
    byte[] payload = new byte[4096];
    Arrays.fill(payload, (byte) 0x66);
    AssembleOptions options =
        AssembleOptions.of(build.manifest().version())
            .padHeader()
            .securityCounter(build.manifest().securityCounter())
            .build();
    return TestBuild.assemble(ByteSource.of(payload), options, List.of(TestFleet.OLD_IMAGE_KEY));
  }

  /** Every pattern of the two files over three openings, but for the stated one throughout. */
  @Test
  void aTwoFacedImageIsNeverAccepted() {
    Made build = TestBuild.of("34.0").make();
    byte[] stated = build.image("main");
    byte[] other = other(build);
    assertThat(other).hasSameSizeAs(stated);
    for (int pattern = 1; pattern < 8; pattern++) {
      int faces = pattern;
      Watched watched = new Watched(opening -> (faces >> opening & 1) == 0 ? stated : other);
      Throwable thrown =
          catchThrowable(() -> UpgradePolicy.judge(device, FACTORY, with(build, watched)));
      if ((faces & 3) == 0) {
        assertThat(watched.opens).as("the other file is never asked for").isEqualTo(2);
      } else if ((faces & 2) != 0) {
        assertThat(thrown).as("pattern " + faces).isInstanceOf(RejectedException.class);
        assertThat(((RejectedException) thrown).reason()).isEqualTo(Reason.IMAGE_DIGEST_MISMATCH);
      } else {
        assertThat(thrown)
            .as("pattern " + faces)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("changed");
      }
    }
  }

  @Test
  void whatIsNotTheStatedFileIsRefusedAsSuchHoweverItLooks() {
    Made build = TestBuild.of("34.0").make();
    byte[] noise = new byte[build.image("main").length];
    Candidate candidate = with(build, ByteSource.of(noise));
    RejectedException refusal =
        (RejectedException) catchThrowable(() -> UpgradePolicy.judge(device, FACTORY, candidate));
    assertThat(refusal.reason()).isEqualTo(Reason.IMAGE_DIGEST_MISMATCH);
    assertThat(Optional.ofNullable(refusal.expected()))
        .hasValue(build.manifest().variants().get(0).sha256().toString());
  }
}
