package dev.otasigner.verifier.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import org.junit.jupiter.api.Test;

class CataloguePathsTests {
  private static final ImageVersion VERSION = new ImageVersion(34, 12, 0, 0);

  @Test
  void everyFileStandsUnderItsChannelAndHardware() {
    Digest digest = Digest.of(new byte[0]);
    assertThat(CataloguePaths.head("stable", "gw")).isEqualTo("stable/gw/head.json");
    assertThat(CataloguePaths.manifest("stable", "gw", VERSION))
        .isEqualTo("stable/gw/34.12.0+0.manifest");
    assertThat(CataloguePaths.image("stable", "gw", VERSION, "rsa"))
        .isEqualTo("stable/gw/34.12.0+0.rsa.img");
    assertThat(CataloguePaths.bootloader("stable", "gw", VERSION))
        .isEqualTo("stable/gw/34.12.0+0.bootloader.img");
    assertThat(CataloguePaths.profile("stable", "gw", digest))
        .isEqualTo(
            "stable/gw/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.profile");
  }
}
