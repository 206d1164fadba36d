package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What an MCUboot image says of itself (MCUboot design, "Image format"). Only its structure has
 * been checked: nothing here is trusted before {@link BootCheck} or {@link TrustCheck} has accepted
 * the image.
 *
 * @param header its fields
 * @param tlvs protected entries first, each area in file order
 * @param headerBytes the header's 32 bytes as they stand in the file
 * @param tlvBytes both TLV areas as they stand in the file
 * @param lengthBytes of the whole file, with whatever follows the TLVs
 */
public record McubootImage(
    McubootHeader header, List<Tlv> tlvs, Bytes headerBytes, Bytes tlvBytes, long lengthBytes) {

  public McubootImage {
    tlvs = List.copyOf(tlvs);
  }

  /**
   * Reads header and TLVs, no more than 128 KiB; the payload is skipped.
   *
   * @throws RejectedException IMAGE_FORMAT when it is no MCUboot image, MALFORMED when it is a
   *     broken one; both name the offset
   * @throws IOException when it cannot be read, or grew while it was read
   */
  public static McubootImage read(ByteSource source) throws IOException, RejectedException {
    try (InputStream in = source.open()) {
      byte[] head = in.readNBytes(McubootHeader.BYTES);
      McubootHeader header = McubootHeader.read(head);
      long lengthBytes = source.lengthBytes();
      long at = header.headerBytes() + header.payloadBytes();
      if (at > lengthBytes) {
        throw new RejectedException(
                Reason.MALFORMED,
                "img_size: the file ends within the payload",
                at + " bytes",
                lengthBytes + " bytes")
            .at(12);
      }
      in.skipNBytes(at - McubootHeader.BYTES);
      byte[] covered = readProtectedArea(in, header, at);
      List<Tlv> tlvs = new ArrayList<>(Tlv.readAll(Tlv.Area.PROTECTED, covered, at));
      long unprotectedAt = at + covered.length;
      byte[] rest = readArea(in, Tlv.Area.UNPROTECTED, unprotectedAt);
      tlvs.addAll(Tlv.readAll(Tlv.Area.UNPROTECTED, rest, unprotectedAt));
      if (unprotectedAt + rest.length > lengthBytes) {
        throw ImageScan.changed();
      }
      byte[] both = new byte[covered.length + rest.length];
      System.arraycopy(covered, 0, both, 0, covered.length);
      System.arraycopy(rest, 0, both, covered.length, rest.length);
      return new McubootImage(header, tlvs, Bytes.copyOf(head), Bytes.copyOf(both), lengthBytes);
    }
  }

  private static byte[] readProtectedArea(InputStream in, McubootHeader header, long at)
      throws IOException, RejectedException {
    if (header.protectedTlvBytes() == 0) {
      return new byte[0];
    }
    byte[] area = readArea(in, Tlv.Area.PROTECTED, at);
    if (area.length != header.protectedTlvBytes()) {
      throw new RejectedException(
              Reason.MALFORMED,
              "protected TLV area is not as long as protect_tlv_size says",
              Integer.toString(header.protectedTlvBytes()),
              Integer.toString(area.length))
          .at(at + 2);
    }
    return area;
  }

  /** One area with its info header, at most 65,535 bytes. */
  private static byte[] readArea(InputStream in, Tlv.Area area, long at)
      throws IOException, RejectedException {
    byte[] info = in.readNBytes(Tlv.HEADER_BYTES);
    if (info.length < Tlv.HEADER_BYTES) {
      throw new RejectedException(Reason.MALFORMED, "the file ends before its TLV area").at(at);
    }
    int magic = LittleEndian.u16(info, 0);
    if (magic != area.magic()) {
      throw new RejectedException(
              Reason.MALFORMED,
              "magic of the " + area + " TLV area",
              "0x" + Integer.toHexString(area.magic()),
              "0x" + Integer.toHexString(magic))
          .at(at);
    }
    int total = LittleEndian.u16(info, 2);
    if (total < Tlv.HEADER_BYTES) {
      throw new RejectedException(
              Reason.MALFORMED,
              "length of the TLV area",
              "at least " + Tlv.HEADER_BYTES,
              Integer.toString(total))
          .at(at + 2);
    }
    byte[] bytes = new byte[total];
    System.arraycopy(info, 0, bytes, 0, info.length);
    int read = in.readNBytes(bytes, info.length, total - info.length);
    if (read < total - info.length) {
      throw new RejectedException(
              Reason.MALFORMED,
              "the file ends within its TLV area",
              total + " bytes",
              (info.length + read) + " bytes")
          .at(at + 2);
    }
    return bytes;
  }

  /** Offset of the TLV areas, the end of the payload, in bytes. */
  public long tlvOffset() {
    return header.headerBytes() + header.payloadBytes();
  }

  /** Length of what is hashed and signed: header, payload and protected TLVs, in bytes. */
  public long signedBytes() {
    return tlvOffset() + header.protectedTlvBytes();
  }

  /** End of the TLVs, in bytes; erased flash or a trailer may follow. */
  public long endOffset() {
    return tlvOffset() + tlvBytes.length();
  }

  /**
   * The entries of this type, protected ones first.
   *
   * @param type see {@link TlvType}
   */
  public List<Tlv> ofType(int type) {
    return tlvs.stream().filter(tlv -> tlv.type() == type).toList();
  }

  /**
   * The security counter, u32, if there is one (MCUboot design, "Hardware-based downgrade
   * prevention").
   *
   * @throws RejectedException IMAGE_COUNTER when there is one that is unprotected, a second one, or
   *     one that is not 4 bytes long
   */
  public OptionalLong securityCounter() throws RejectedException {
    List<Tlv> counters = ofType(TlvType.SEC_CNT);
    for (Tlv counter : counters) {
      if (!counter.isProtected()) {
        throw counter.refused(Reason.IMAGE_COUNTER, "the security counter is not protected");
      }
      if (counter.value().length() != 4) {
        throw counter.refused(
            Reason.IMAGE_COUNTER, "length", "4 bytes", counter.value().length() + " bytes");
      }
    }
    if (counters.size() > 1) {
      throw counters.get(1).refused(Reason.IMAGE_COUNTER, "the image has a second one");
    }
    return counters.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(LittleEndian.u32(counters.get(0).value().toByteArray(), 0));
  }

  /**
   * The suites that its signatures claim to be of, by the types of signature and hash entries; none
   * of it has been verified.
   */
  public Set<SignatureSuite> signatureSuites() {
    Set<SignatureSuite> suites = EnumSet.noneOf(SignatureSuite.class);
    for (ImageKeyType type : ImageKeyType.values()) {
      boolean hashed =
          type.hashes().stream().anyMatch(hash -> !ofType(ImageKeyType.tlvOf(hash)).isEmpty());
      if (hashed && !ofType(type.signatureTlv()).isEmpty()) {
        suites.add(type.suite());
      }
    }
    return suites;
  }

  /** The payload within the image's source. */
  public ByteSource payload(ByteSource source) {
    return source.slice(header.headerBytes(), header.payloadBytes());
  }

  /** The structure as a document; none of it has been verified. */
  public Json.Obj toJson() {
    return ImageJson.of(this);
  }
}
