package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Takes one signer out of an image: what the image is worth once that key no longer counts. */
public final class McubootStrip {
  private McubootStrip() {}

  /**
   * The image without the entries by which this key is named, and the signatures that count for it;
   * everything else stands as it was. What follows the TLVs keeps its place in the slot.
   *
   * @param image judged or not: only its structure is read
   * @return a view of {@code image}, which must not change while the view is in use
   * @throws RejectedException IMAGE_KEY_UNKNOWN when the key has not signed the image,
   *     UNSUPPORTED_ALGORITHM when it cannot have; IMAGE_FORMAT and MALFORMED as {@link
   *     McubootImage#read}
   * @throws IOException when it cannot be read
   */
  public static ByteSource withoutSigner(ByteSource image, VerificationKey key)
      throws IOException, RejectedException {
    ImageKeyType type = ImageKeyType.of(key);
    McubootImage read = McubootImage.read(image);
    TlvArea kept = new TlvArea(Tlv.Area.UNPROTECTED);
    int removed = 0;
    boolean named = false;
    for (Tlv tlv : read.tlvs()) {
      boolean isName = tlv.type() == TlvType.KEYHASH || tlv.type() == TlvType.PUBKEY;
      if (isName) {
        named = type.isNamedBy(key, tlv);
      }
      boolean counts = named && tlv.type() == type.signatureTlv();
      boolean drop = named && isName || counts;
      named &= !counts;
      if (tlv.isProtected()) {
        continue;
      }
      if (drop) {
        removed += Tlv.HEADER_BYTES + tlv.value().length();
      } else {
        kept.add(tlv.type(), tlv.value());
      }
    }
    if (removed == 0) {
      throw new RejectedException(Reason.IMAGE_KEY_UNKNOWN, "the image is not signed by " + key);
    }
    long behind = read.lengthBytes() - read.endOffset();
    byte[] gap = new byte[behind == 0 ? 0 : removed];
    Arrays.fill(gap, erased(image, read));
    return ByteSource.concat(
        List.of(
            image.slice(0, read.signedBytes()),
            ByteSource.of(kept.toBytes()),
            ByteSource.of(gap),
            image.slice(read.endOffset(), behind)));
  }

  /** The value of erased flash, as the image itself shows it. */
  private static byte erased(ByteSource image, McubootImage read)
      throws IOException, RejectedException {
    byte[] first = image.slice(read.endOffset(), 1).readAll(2);
    return first.length == 1 && first[0] == 0 ? 0 : (byte) 0xff;
  }
}
