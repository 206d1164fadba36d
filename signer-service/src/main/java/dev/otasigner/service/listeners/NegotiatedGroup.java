package dev.otasigner.service.listeners;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Reads, off the first bytes that a server sends, the group in which keys were agreed: what is on
 * the wire can not differ from what was done, and no API of JSSE's tells. RFC 8446 4.2.8 and RFC
 * 8422 5.4. A session of TLS 1.2 that is resumed agrees on no group.
 */
final class NegotiatedGroup {
  /** IANA, TLS Supported Groups. */
  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(23, "secp256r1"),
          Map.entry(24, "secp384r1"),
          Map.entry(25, "secp521r1"),
          Map.entry(29, "x25519"),
          Map.entry(30, "x448"),
          Map.entry(256, "ffdhe2048"),
          Map.entry(257, "ffdhe3072"),
          Map.entry(258, "ffdhe4096"),
          Map.entry(259, "ffdhe6144"),
          Map.entry(260, "ffdhe8192"),
          Map.entry(0x11EB, "SecP256r1MLKEM768"),
          Map.entry(0x11EC, "X25519MLKEM768"),
          Map.entry(0x11ED, "SecP384r1MLKEM1024"));

  private static final int RECORD_HEADER = 5;
  private static final int MESSAGE_HEADER = 4;

  /** Longer than a ServerHello with the key share of any group above. */
  private static final int MAX_MESSAGE = 8 * 1024;

  private static final int CHANGE_CIPHER_SPEC = 20;
  private static final int HANDSHAKE = 22;
  private static final int SERVER_HELLO = 2;
  private static final int SERVER_KEY_EXCHANGE = 12;
  private static final int SERVER_HELLO_DONE = 14;
  private static final int KEY_SHARE = 51;
  private static final int SUPPORTED_VERSIONS = 43;
  private static final int NAMED_CURVE = 3;

  /** RFC 8446 4.1.3: a ServerHello with this random asks the client to begin again. */
  private static final byte[] RETRY = {
    (byte) 0xCF,
    0x21,
    (byte) 0xAD,
    0x74,
    (byte) 0xE5,
    (byte) 0x9A,
    0x61,
    0x11,
    (byte) 0xBE,
    0x1D,
    (byte) 0x8C,
    0x02,
    0x1E,
    0x65,
    (byte) 0xB8,
    (byte) 0x91,
    (byte) 0xC2,
    (byte) 0xA2,
    0x11,
    0x16,
    0x7A,
    (byte) 0xBB,
    (byte) 0x8C,
    0x5E,
    0x07,
    (byte) 0x9E,
    0x09,
    (byte) 0xE2,
    (byte) 0xC8,
    (byte) 0xA8,
    0x33,
    (byte) 0x9C
  };

  private final byte[] record = new byte[RECORD_HEADER];
  private int recordRead;
  private int recordLeft;
  private final byte[] header = new byte[MESSAGE_HEADER];
  private int headerRead;
  private byte[] body = new byte[0];
  private int bodyRead;
  private int bodyLeft;

  private Optional<String> name = Optional.empty();
  private boolean thirteen;
  private boolean over;

  /** The group's name; {@code 0x} and its number for one that is not on the list. */
  Optional<String> name() {
    return name;
  }

  /** Whether nothing to come can tell more. */
  boolean isOver() {
    return over;
  }

  /** No more is to be read. */
  void end() {
    over = true;
    body = new byte[0];
  }

  /** What the server sends next. */
  void sent(ByteBuffer bytes) {
    while (!over && bytes.hasRemaining()) {
      byte next = bytes.get();
      if (recordLeft == 0) {
        inRecordHeader(next);
      } else {
        recordLeft--;
        if (record[0] == HANDSHAKE) {
          inHandshake(next);
        }
      }
    }
  }

  private void inRecordHeader(byte next) {
    record[recordRead++] = next;
    if (recordRead == RECORD_HEADER) {
      recordRead = 0;
      recordLeft = u16(record, 3);
      // In TLS 1.3 it means nothing, and stands between a retry and the ServerHello.
      if (record[0] == CHANGE_CIPHER_SPEC && !thirteen) {
        end();
      }
    }
  }

  private void inHandshake(byte next) {
    if (bodyLeft == 0) {
      header[headerRead++] = next;
      if (headerRead < MESSAGE_HEADER) {
        return;
      }
      headerRead = 0;
      bodyRead = 0;
      bodyLeft = (header[1] & 0xFF) << 16 | u16(header, 2);
      boolean tells = header[0] == SERVER_HELLO || header[0] == SERVER_KEY_EXCHANGE;
      body = new byte[tells ? Math.min(bodyLeft, MAX_MESSAGE) : 0];
    } else {
      if (bodyRead < body.length) {
        body[bodyRead++] = next;
      }
      bodyLeft--;
    }
    if (bodyLeft == 0) {
      message(header[0]);
    }
  }

  private void message(int type) {
    try {
      switch (type) {
        case SERVER_HELLO -> serverHello(ByteBuffer.wrap(body));
        case SERVER_KEY_EXCHANGE -> serverKeyExchange(ByteBuffer.wrap(body));
        case SERVER_HELLO_DONE -> end();
        default -> {
          // Says nothing about the group.
        }
      }
    } catch (java.nio.BufferUnderflowException | IllegalArgumentException e) {
      throw new IllegalStateException("the TLS engine sends what is no handshake", e);
    }
  }

  private void serverHello(ByteBuffer hello) {
    hello.getShort();
    byte[] random = new byte[32];
    hello.get(random);
    skip(hello, hello.get() & 0xFF);
    hello.getShort();
    hello.get();
    if (!hello.hasRemaining()) {
      return;
    }
    int end = hello.getShort() & 0xFFFF;
    for (int read = 0; read < end; ) {
      int type = hello.getShort() & 0xFFFF;
      int length = hello.getShort() & 0xFFFF;
      if (type == KEY_SHARE) {
        name = Optional.of(name(hello.getShort(hello.position()) & 0xFFFF));
      }
      thirteen |= type == SUPPORTED_VERSIONS;
      skip(hello, length);
      read += 4 + length;
    }
    if (thirteen && !Arrays.equals(random, RETRY)) {
      end();
    }
  }

  private void serverKeyExchange(ByteBuffer exchange) {
    if ((exchange.get() & 0xFF) == NAMED_CURVE) {
      name = Optional.of(name(exchange.getShort() & 0xFFFF));
    }
    end();
  }

  private static void skip(ByteBuffer bytes, int length) {
    bytes.position(bytes.position() + length);
  }

  private static String name(int code) {
    return NAMES.getOrDefault(code, "0x" + Integer.toHexString(code));
  }

  private static int u16(byte[] bytes, int offset) {
    return (bytes[offset] & 0xFF) << 8 | bytes[offset + 1] & 0xFF;
  }
}
