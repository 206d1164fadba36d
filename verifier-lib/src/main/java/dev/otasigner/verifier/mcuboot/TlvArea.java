package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayOutputStream;

/** A TLV area being written. */
final class TlvArea {
  private final Tlv.Area area;
  private final ByteArrayOutputStream entries = new ByteArrayOutputStream();

  TlvArea(Tlv.Area area) {
    this.area = area;
  }

  TlvArea add(int type, byte[] value) {
    LittleEndian.u16(entries, type);
    LittleEndian.u16(entries, value.length);
    entries.writeBytes(value);
    return this;
  }

  TlvArea add(int type, Bytes value) {
    return add(type, value.toByteArray());
  }

  boolean isEmpty() {
    return entries.size() == 0;
  }

  /**
   * The area with its info header.
   *
   * @throws RejectedException LIMIT_EXCEEDED over 65,535 bytes
   */
  byte[] toBytes() throws RejectedException {
    int total = Tlv.HEADER_BYTES + entries.size();
    if (total > Tlv.MAX_BYTES) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED,
          "the " + area + " TLV area",
          "at most " + Tlv.MAX_BYTES + " bytes",
          total + " bytes");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(total);
    LittleEndian.u16(out, area.magic());
    LittleEndian.u16(out, total);
    out.writeBytes(entries.toByteArray());
    return out.toByteArray();
  }
}
