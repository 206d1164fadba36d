package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.ImageVersion;

/** Which release: a build in a channel, for the devices of one hardware. */
public record ReleaseName(String product, String channel, String hardware, ImageVersion version) {

  /** As the audit log names it. */
  String subject() {
    return "release:" + String.join("/", product, channel, hardware, version.toString());
  }

  @Override
  public String toString() {
    return version + " in " + channel + " for " + hardware;
  }
}
