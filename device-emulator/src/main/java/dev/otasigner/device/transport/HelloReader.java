package dev.otasigner.device.transport;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads along what a server says in the clear at the beginning of a connection, for the group of
 * the key exchange: {@code key_share} of ServerHello (RFC 8446 section 4.2.8), or the curve of
 * ServerKeyExchange (RFC 8422 section 5.4). The TLS stack answers for these bytes: had anybody
 * changed them, the handshake would not end.
 */
final class HelloReader {
  private static final int HANDSHAKE = 22;
  private static final int APPLICATION_DATA = 23;
  private static final int SERVER_HELLO = 2;
  private static final int SERVER_KEY_EXCHANGE = 12;
  private static final int SERVER_HELLO_DONE = 14;
  private static final int NAMED_CURVE = 3;
  private static final int KEY_SHARE = 51;

  /** Of a message that is looked into. */
  private static final int MAX_MESSAGE = 64 * 1024;

  private final byte[] recordHead = new byte[5];
  private int recordHeadBytes;
  private int recordLeft;
  private final byte[] messageHead = new byte[4];
  private int messageHeadBytes;
  private int messageLeft;
  private final ByteArrayOutputStream message = new ByteArrayOutputStream();
  private @Nullable String group;
  private boolean done;

  /** The latest group that the server named. */
  Optional<String> group() {
    return Optional.ofNullable(group);
  }

  /** Takes the next bytes as they come. */
  void take(byte[] bytes, int from, int length) {
    for (int i = from; i < from + length && !done; i++) {
      if (recordLeft > 0) {
        recordLeft--;
        if (recordHead[0] == HANDSHAKE) {
          takeHandshake(bytes[i]);
        }
      } else {
        recordHead[recordHeadBytes++] = bytes[i];
        if (recordHeadBytes == recordHead.length) {
          recordHeadBytes = 0;
          recordLeft = (recordHead[3] & 0xff) << 8 | recordHead[4] & 0xff;
          // Nothing is in the clear from here on.
          done = recordHead[0] == APPLICATION_DATA;
        }
      }
    }
  }

  private void takeHandshake(byte one) {
    if (messageHeadBytes < messageHead.length) {
      messageHead[messageHeadBytes++] = one;
      if (messageHeadBytes < messageHead.length) {
        return;
      }
      messageLeft = ByteBuffer.wrap(messageHead).getInt() & 0xffffff;
      message.reset();
    } else {
      messageLeft--;
      if (isOfInterest() && message.size() < MAX_MESSAGE) {
        message.write(one);
      }
    }
    if (messageLeft == 0) {
      messageHeadBytes = 0;
      endMessage(ByteBuffer.wrap(message.toByteArray()));
    }
  }

  private boolean isOfInterest() {
    return messageHead[0] == SERVER_HELLO || messageHead[0] == SERVER_KEY_EXCHANGE;
  }

  private void endMessage(ByteBuffer body) {
    try {
      switch (messageHead[0]) {
        case SERVER_HELLO -> serverHello(body);
        case SERVER_KEY_EXCHANGE -> {
          if (body.get() == NAMED_CURVE) {
            group = KeyExchangeGroup.name(body.getShort() & 0xffff);
          }
        }
        case SERVER_HELLO_DONE -> done = true;
        default -> {
          // Of no interest.
        }
      }
    } catch (java.nio.BufferUnderflowException | IllegalArgumentException e) {
      // The TLS stack refuses it too, and in its own words.
      done = true;
    }
  }

  /** Also a HelloRetryRequest, which names the group alone. */
  private void serverHello(ByteBuffer body) {
    skip(body, 2 + 32);
    skip(body, body.get() & 0xff);
    skip(body, 2 + 1);
    if (!body.hasRemaining()) {
      return;
    }
    int extensions = body.getShort() & 0xffff;
    body.limit(body.position() + extensions);
    while (body.hasRemaining()) {
      int type = body.getShort() & 0xffff;
      int length = body.getShort() & 0xffff;
      if (type == KEY_SHARE) {
        group = KeyExchangeGroup.name(body.getShort() & 0xffff);
        return;
      }
      skip(body, length);
    }
  }

  private static void skip(ByteBuffer body, int length) {
    body.position(body.position() + length);
  }
}
