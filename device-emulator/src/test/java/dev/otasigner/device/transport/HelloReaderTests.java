package dev.otasigner.device.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HelloReaderTests {
  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] record(int type, byte[] body) {
    return concat(
        ByteBuffer.allocate(5)
            .put((byte) type)
            .putShort((short) 0x303)
            .putShort((short) body.length)
            .array(),
        body);
  }

  private static byte[] message(int type, byte[] body) {
    return concat(ByteBuffer.allocate(4).putInt(type << 24 | body.length).array(), body);
  }

  /** A ServerHello with extensions of which the last is a key share for this group. */
  private static byte[] hello(int group, byte[] share) {
    byte[] keyShare =
        concat(
            ByteBuffer.allocate(4).putShort((short) group).putShort((short) share.length).array(),
            share);
    byte[] extensions =
        concat(
            new byte[] {0, 43, 0, 2, 3, 4},
            ByteBuffer.allocate(4).putShort((short) 51).putShort((short) keyShare.length).array(),
            keyShare);
    return message(
        2,
        concat(
            new byte[] {3, 3},
            new byte[32],
            new byte[] {2, 9, 9},
            new byte[] {0x13, 2, 0},
            ByteBuffer.allocate(2).putShort((short) extensions.length).array(),
            extensions));
  }

  private static HelloReader read(byte[] bytes) {
    HelloReader reader = new HelloReader();
    reader.take(bytes, 0, bytes.length);
    return reader;
  }

  @Test
  void groupIsReadHoweverTheBytesArrive() {
    byte[] bytes = record(22, hello(0x11ec, new byte[1120]));
    for (int step = 1; step < 40; step++) {
      HelloReader reader = new HelloReader();
      for (int at = 0; at < bytes.length; at += step) {
        reader.take(bytes, at, Math.min(step, bytes.length - at));
      }
      assertThat(reader.group()).contains("X25519MLKEM768");
    }
  }

  @Test
  void groupIsReadFromAMessageInSeveralRecords() {
    byte[] hello = hello(29, new byte[32]);
    for (int cut = 1; cut < hello.length; cut++) {
      byte[] first = java.util.Arrays.copyOf(hello, cut);
      byte[] second = java.util.Arrays.copyOfRange(hello, cut, hello.length);
      assertThat(read(concat(record(22, first), record(22, second))).group()).contains("x25519");
    }
  }

  @Test
  void helloAfterARetryCounts() {
    byte[] retry = record(22, hello(24, new byte[0]));
    byte[] change = record(20, new byte[] {1});
    byte[] hello = record(22, hello(23, new byte[65]));
    assertThat(read(concat(retry, change)).group()).contains("secp384r1");
    assertThat(read(concat(retry, change, hello)).group()).contains("secp256r1");
  }

  @Test
  void keyExchangeAfterALongCertificateIsRead() {
    byte[] hello = message(2, concat(new byte[34], new byte[] {0, (byte) 0xc0, 0x27, 0}));
    byte[] certificate = message(11, new byte[90_000]);
    byte[] exchange = message(12, concat(new byte[] {3, 0, 23, 65}, new byte[65]));
    byte[] all = concat(hello, certificate, exchange, message(14, new byte[0]));
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    for (int at = 0; at < all.length; at += 16_000) {
      records.writeBytes(
          record(22, java.util.Arrays.copyOfRange(all, at, Math.min(all.length, at + 16_000))));
    }
    assertThat(read(records.toByteArray()).group()).contains("secp256r1");
  }

  @Test
  void groupWithoutANameIsItsNumber() {
    assertThat(read(record(22, hello(0x6399, new byte[1]))).group()).contains("0x6399");
  }

  @Test
  void whatFollowsTheHandshakeIsNotLookedInto() {
    byte[] secret = record(23, new byte[40]);
    byte[] late = record(22, hello(24, new byte[97]));
    assertThat(read(concat(record(22, hello(29, new byte[32])), secret, late)).group())
        .contains("x25519");
  }

  @Test
  void garbageIsNoGroupAndNoError() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      byte[] garbage = new byte[random.nextInt(400)];
      random.nextBytes(garbage);
      assertThat(read(record(22, message(1 + random.nextInt(2) * 10, garbage))).group()).isEmpty();
      read(garbage);
      read(record(22, message(2, garbage)));
    }
  }
}
