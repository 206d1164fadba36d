package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes images of any shape, sound or broken, with hashes and signatures that fit them: so that the
 * one thing that is wrong is the one a test speaks of. It shares no writing code with the assembler
 * but the byte order.
 */
final class ImageForge {
  private static final int HEADER_BYTES = 0x200;

  /** An entry whose value depends on the signed bytes. */
  private record Entry(int type, Value value) {}

  private interface Value {
    byte[] of(byte[] signed);
  }

  private final List<Entry> covered = new ArrayList<>();
  private final List<Entry> rest = new ArrayList<>();
  private byte[] payload = new byte[1000];
  private long flags;
  private byte[] behind = {};

  private ImageForge() {}

  /** A payload, and nothing else. */
  static ImageForge bare() {
    return new ImageForge();
  }

  /** What every bootloader of the key's usual kind boots, with security counter 7. */
  static ImageForge sound(TestKey key) {
    ImageHash hash = key.bootAnchor().hash();
    return bare().counter(7).hash(hash).signer(key, hash);
  }

  ImageForge payload(byte[] bytes) {
    payload = bytes.clone();
    return this;
  }

  ImageForge flags(long value) {
    flags = value;
    return this;
  }

  ImageForge covered(int type, byte... value) {
    covered.add(new Entry(type, signed -> value));
    return this;
  }

  ImageForge counter(int value) {
    return covered(TlvType.SEC_CNT, (byte) value, (byte) 0, (byte) 0, (byte) 0);
  }

  ImageForge entry(int type, byte... value) {
    rest.add(new Entry(type, signed -> value));
    return this;
  }

  ImageForge hash(ImageHash kind) {
    rest.add(new Entry(ImageKeyType.tlvOf(kind), signed -> digest(kind, signed)));
    return this;
  }

  ImageForge keyHash(TestKey key, ImageHash kind) {
    rest.add(new Entry(TlvType.KEYHASH, signed -> keyHashOf(key, kind)));
    return this;
  }

  ImageForge wholeKey(TestKey key) {
    rest.add(new Entry(TlvType.PUBKEY, signed -> type(key).encoded(key.key()).toByteArray()));
    return this;
  }

  /** The signature alone, over this hash. */
  ImageForge signature(TestKey key, ImageHash kind) {
    rest.add(new Entry(type(key).signatureTlv(), signed -> sign(key, kind, signed)));
    return this;
  }

  /** A signature of the right form, over something else. */
  ImageForge badSignature(TestKey key) {
    rest.add(
        new Entry(type(key).signatureTlv(), signed -> sign(key, key.bootAnchor().hash(), payload)));
    return this;
  }

  ImageForge signer(TestKey key, ImageHash kind) {
    return keyHash(key, kind).signature(key, kind);
  }

  /** Ed25519 over the image itself. */
  ImageForge pureSignature(TestKey key) {
    rest.add(new Entry(TlvType.ED25519, key::sign));
    return this;
  }

  ImageForge behind(byte... bytes) {
    behind = bytes.clone();
    return this;
  }

  ByteSource source() {
    return ByteSource.of(bytes());
  }

  byte[] bytes() {
    byte[] prefix = new byte[0];
    byte[] area = area(0x6908, covered, prefix);
    byte[] head =
        new McubootHeader(
                0,
                HEADER_BYTES,
                covered.isEmpty() ? 0 : area.length,
                payload.length,
                flags,
                new ImageVersion(1, 2, 3, 45),
                0)
            .toBytes();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(head);
    out.writeBytes(new byte[HEADER_BYTES - head.length]);
    out.writeBytes(payload);
    if (!covered.isEmpty()) {
      out.writeBytes(area);
    }
    byte[] signed = out.toByteArray();
    out.writeBytes(area(0x6907, rest, signed));
    out.writeBytes(behind);
    return out.toByteArray();
  }

  private static byte[] area(int magic, List<Entry> entries, byte[] signed) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Entry entry : entries) {
      byte[] value = entry.value.of(signed);
      LittleEndian.u16(body, entry.type);
      LittleEndian.u16(body, value.length);
      body.writeBytes(value);
    }
    ByteArrayOutputStream area = new ByteArrayOutputStream();
    LittleEndian.u16(area, magic);
    LittleEndian.u16(area, 4 + body.size());
    area.writeBytes(body.toByteArray());
    return area.toByteArray();
  }

  static byte[] keyHashOf(TestKey key, ImageHash kind) {
    return digest(kind, type(key).encoded(key.key()).toByteArray());
  }

  private static byte[] sign(TestKey key, ImageHash kind, byte[] signed) {
    byte[] digest = digest(kind, signed);
    return key.suite().hash() == null
        ? key.sign(digest)
        : key.sign(SigningInput.hash(digest, kind.jcaName()));
  }

  private static byte[] digest(ImageHash kind, byte[] bytes) {
    return Digest.digest(kind.jcaName()).digest(bytes);
  }

  private static ImageKeyType type(TestKey key) {
    return typeOf(key.key());
  }

  static ImageKeyType typeOf(VerificationKey key) {
    for (ImageKeyType type : ImageKeyType.values()) {
      if (type.suite() == key.suite()) {
        return type;
      }
    }
    throw new IllegalArgumentException(key + " signs no images");
  }
}
