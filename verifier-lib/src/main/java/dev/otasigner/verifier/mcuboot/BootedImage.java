package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import java.util.OptionalLong;

/**
 * An image that was accepted, and what may now be believed of it.
 *
 * @param image its structure
 * @param securityCounter its protected anti-rollback number
 * @param hash the kind of hash that was checked
 * @param imageHash that hash over header, payload and protected TLVs
 * @param pure the signature is over the image itself
 * @param signedBy the key whose signature decided
 */
public record BootedImage(
    McubootImage image,
    OptionalLong securityCounter,
    ImageHash hash,
    Bytes imageHash,
    boolean pure,
    VerificationKey signedBy) {

  /** The version in its header. */
  public ImageVersion version() {
    return image.header().version();
  }
}
