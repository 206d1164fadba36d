package dev.otasigner.verifier.catalogue;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.manifest.Manifest;

/** Where each file of a channel and hardware stands in the catalogue, as TUF target paths. */
public final class CataloguePaths {
  private CataloguePaths() {}

  /** {@code stable/gw/head.json}. */
  public static String head(String channel, String hardware) {
    return channel + "/" + hardware + "/head.json";
  }

  /** {@code stable/gw/34.12.0+0.manifest}: a DSSE envelope. */
  public static String manifest(String channel, String hardware, ImageVersion version) {
    return channel + "/" + hardware + "/" + version + ".manifest";
  }

  /** {@code stable/gw/34.12.0+0.rsa.img}. */
  public static String image(
      String channel, String hardware, ImageVersion version, String variant) {
    return channel + "/" + hardware + "/" + version + "." + variant + ".img";
  }

  /** {@code stable/gw/34.12.0+0.bootloader.img}: no variant is called like that. */
  public static String bootloader(String channel, String hardware, ImageVersion version) {
    return image(channel, hardware, version, Manifest.BOOTLOADER_NAME);
  }

  /** {@code stable/gw/DIGEST.profile}. */
  public static String profile(String channel, String hardware, Digest profile) {
    return channel + "/" + hardware + "/" + profile.hex() + ".profile";
  }
}
