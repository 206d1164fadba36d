package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.mcuboot.AssembleOptions.Dependency;
import dev.otasigner.verifier.mcuboot.AssembleOptions.ProtectedTlv;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Makes images, byte for byte as imgtool does but for the random part of signatures, and besides
 * with several signers behind one hash. The payload is streamed once; every signature is verified
 * before it is written.
 */
public final class McubootAssembler {
  private static final int BUFFER_BYTES = 256 * 1024;
  private static final long U32_MAX = 0xffff_ffffL;

  private final ByteSource payload;
  private final AssembleOptions options;
  private final List<ImageSigner> signers;
  private final ImageHash hash;

  private McubootAssembler(
      ByteSource payload, AssembleOptions options, List<ImageSigner> signers, ImageHash hash) {
    this.payload = payload;
    this.options = options;
    this.signers = List.copyOf(signers);
    this.hash = hash;
  }

  /**
   * Writes a signed image to a file, which appears whole or not at all.
   *
   * @param file in a directory that exists; what stood there is replaced
   * @throws RejectedException as {@link #assemble(ByteSource, AssembleOptions, List, OutputStream)}
   * @throws IOException when payload or file fails, or a signer does
   */
  public static void assemble(
      ByteSource payload, AssembleOptions options, List<ImageSigner> signers, Path file)
      throws IOException, RejectedException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new FileSystemException(String.valueOf(folder), null, "no such directory");
    }
    Path part = Files.createTempFile(folder, "." + file.getFileName(), ".part");
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        assemble(payload, options, signers, out);
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /**
   * Writes a signed image. When this throws, {@code out} may have been given part of one.
   *
   * @param signers at least one; all must sign over the same hash
   * @throws RejectedException UNSUPPORTED_ALGORITHM when no bootloader checks such a key or the
   *     keys need different hashes; IMAGE_TOO_LARGE over the slot or 32 bits; LIMIT_EXCEEDED when a
   *     TLV area is over 65,535 bytes, or a pure signature's image over the slot, or {@link
   *     TrustCheck#DEFAULT_PURE_BYTES} where that is unknown; MALFORMED when the payload has no
   *     room for the header; BAD_SIGNATURE when a signer's signature does not verify
   * @throws IOException when payload or {@code out} fails, or a signer does
   * @throws IllegalArgumentException without a signer
   */
  public static void assemble(
      ByteSource payload, AssembleOptions options, List<ImageSigner> signers, OutputStream out)
      throws IOException, RejectedException {
    if (signers.isEmpty()) {
      throw new IllegalArgumentException("an image without a signer boots nowhere");
    }
    new McubootAssembler(payload, options, signers, commonHash(options, signers)).write(out);
  }

  /** One hash TLV serves all signers, so that all must be able to use it. */
  private static ImageHash commonHash(AssembleOptions options, List<ImageSigner> signers)
      throws RejectedException {
    ImageKeyType first = ImageKeyType.of(signers.get(0).key());
    ImageHash hash =
        options.hash().orElse(options.pure() ? ImageHash.SHA512 : first.hashes().get(0));
    for (ImageSigner signer : signers) {
      ImageKeyType type = ImageKeyType.of(signer.key());
      if (!type.hashes().contains(hash) || options.pure() && hash != ImageHash.SHA512) {
        throw new RejectedException(
            Reason.UNSUPPORTED_ALGORITHM,
            "no bootloader checks "
                + signer.key()
                + " over "
                + hash.code()
                + (options.pure() ? ", pure" : "")
                + "; keys with different hashes need images of their own");
      }
    }
    return hash;
  }

  private void write(OutputStream out) throws IOException, RejectedException {
    byte[] covered = protectedArea();
    long given = payload.lengthBytes();
    long payloadBytes = options.padHeader() ? given : given - options.headerBytes();
    if (payloadBytes < 0) {
      throw new RejectedException(
          Reason.MALFORMED,
          "the payload is shorter than the header it must make room for",
          "at least " + options.headerBytes() + " bytes",
          given + " bytes");
    }
    if (payloadBytes > U32_MAX - options.headerBytes() - covered.length) {
      throw new RejectedException(Reason.IMAGE_TOO_LARGE, "the image does not fit 32 bits");
    }
    long signedBytes = options.headerBytes() + payloadBytes + covered.length;
    if (options.pure()) {
      long slot = options.slotBytes();
      ImageScan.requireKeepable(signedBytes, slot > 0 ? slot : TrustCheck.DEFAULT_PURE_BYTES);
    }
    requireRoom(signedBytes);
    Region region = new Region(out);
    region.write(header(payloadBytes, covered.length));
    copyPayload(region, payloadBytes);
    region.write(covered);
    byte[] unprotected = unprotectedArea(region);
    long length = signedBytes + unprotected.length;
    requireRoom(length);
    out.write(unprotected);
    if (options.pad()) {
      pad(out, length);
    }
    out.flush();
  }

  private void requireRoom(long length) throws RejectedException {
    long room = options.slotBytes() - options.trailerBytes();
    if (options.slotBytes() > 0 && length > room) {
      throw new RejectedException(
          Reason.IMAGE_TOO_LARGE,
          "the image does not fit the slot with its trailer",
          "at most " + Math.max(0, room) + " bytes",
          length + " bytes");
    }
  }

  private byte[] header(long payloadBytes, int protectedBytes) {
    byte[] whole = new byte[options.headerBytes()];
    Arrays.fill(whole, options.padHeader() ? (byte) options.erased() : 0);
    byte[] fields =
        new McubootHeader(
                0, options.headerBytes(), protectedBytes, payloadBytes, 0, options.version(), 0)
            .toBytes();
    System.arraycopy(fields, 0, whole, 0, fields.length);
    return whole;
  }

  private void copyPayload(Region region, long payloadBytes) throws IOException, RejectedException {
    try (InputStream in = payload.open()) {
      if (!options.padHeader()) {
        byte[] room = in.readNBytes(options.headerBytes());
        for (int i = 0; i < room.length; i++) {
          if (room[i] != 0) {
            throw new RejectedException(
                    Reason.MALFORMED, "no room for the header: zeroes are expected")
                .at(i);
          }
        }
      }
      byte[] buffer = new byte[BUFFER_BYTES];
      long copied = 0;
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        region.write(buffer, 0, count);
        copied += count;
      }
      if (copied != payloadBytes) {
        throw new IOException("the payload changed while it was read");
      }
    }
  }

  /** In imgtool's order: counter, boot record, dependencies, vendor, class, vendors' own. */
  private byte[] protectedArea() throws RejectedException {
    TlvArea area = new TlvArea(Tlv.Area.PROTECTED);
    options
        .securityCounter()
        .ifPresent(
            counter -> {
              ByteArrayOutputStream value = new ByteArrayOutputStream(4);
              LittleEndian.u32(value, counter);
              area.add(TlvType.SEC_CNT, value.toByteArray());
            });
    List<ProtectedTlv> others =
        options.protectedTlvs().stream()
            .sorted(Comparator.comparingInt(tlv -> Math.min(tlv.type(), 0xa0)))
            .toList();
    others.stream()
        .filter(tlv -> tlv.type() == TlvType.BOOT_RECORD)
        .forEach(tlv -> area.add(tlv.type(), tlv.value()));
    for (Dependency dependency : options.dependencies()) {
      ByteArrayOutputStream value = new ByteArrayOutputStream(12);
      LittleEndian.u32(value, dependency.imageId());
      LittleEndian.version(value, dependency.min());
      area.add(TlvType.DEPENDENCY, value.toByteArray());
    }
    others.stream()
        .filter(tlv -> tlv.type() != TlvType.BOOT_RECORD)
        .forEach(tlv -> area.add(tlv.type(), tlv.value()));
    return area.isEmpty() ? new byte[0] : area.toBytes();
  }

  private byte[] unprotectedArea(Region region) throws IOException, RejectedException {
    byte[] imageHash = region.digest.digest();
    TlvArea area = new TlvArea(Tlv.Area.UNPROTECTED).add(ImageKeyType.tlvOf(hash), imageHash);
    if (options.pure()) {
      area.add(TlvType.SIG_PURE, new byte[] {1});
    }
    for (ImageSigner signer : signers) {
      VerificationKey key = signer.key();
      ImageKeyType type = ImageKeyType.of(key);
      SigningInput input =
          options.pure()
              ? SigningInput.message(region.kept.toByteArray())
              : key.suite().hash() == null
                  ? SigningInput.message(imageHash)
                  : SigningInput.hash(imageHash, hash.jcaName());
      byte[] signature = signer.sign(input);
      input.verify(key, signature);
      if (options.keyTlv() == KeyTlv.KEYHASH) {
        area.add(TlvType.KEYHASH, type.keyHash(key, hash));
      } else {
        area.add(TlvType.PUBKEY, type.encoded(key));
      }
      area.add(type.signatureTlv(), signature);
    }
    return area.toBytes();
  }

  private void pad(OutputStream out, long length) throws IOException {
    byte erased = (byte) options.erased();
    byte[] fill = new byte[BUFFER_BYTES];
    Arrays.fill(fill, erased);
    long left = options.slotBytes() - options.trailerBytes() - length;
    while (left > 0) {
      int count = (int) Math.min(left, fill.length);
      out.write(fill, 0, count);
      left -= count;
    }
    out.write(
        SlotTrailer.toBytes(options.trailerBytes(), options.maxAlign(), erased, options.confirm()));
  }

  /** What is hashed, and kept for pure signatures, while it is written. */
  private final class Region extends OutputStream {
    private final OutputStream out;
    private final MessageDigest digest = Digest.digest(hash.jcaName());
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    Region(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      digest.update(bytes, offset, length);
      if (options.pure()) {
        kept.write(bytes, offset, length);
      }
      out.write(bytes, offset, length);
    }
  }
}
