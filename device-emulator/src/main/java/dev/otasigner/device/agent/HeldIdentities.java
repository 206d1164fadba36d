package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.transport.ClientIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The identity that the device shows, and those it had before it.
 *
 * <p>Nobody can tell a device whether a certificate that came in answer to a renewal is one: not
 * even a service that takes it, for that may be whoever stole a server's key. And a service that
 * was restored from a backup knows an earlier key only. So an earlier identity stays for as long as
 * it could be renewed. When there is no more room, the latest of them goes: however many false ones
 * come, those from before them stay.
 */
final class HeldIdentities {
  /** Beside the one that is shown. */
  static final int MAX_EARLIER = 2;

  private static final String KEY = "identity/key";
  private static final String CHAIN = "identity/chain";
  private static final String NUMBER = "identity/number";
  static final String NEXT_KEY = "identity/next-key";
  static final String NEXT_SPKI = "identity/next-spki";
  private static final String EARLIER = "identity/earlier/";
  private static final String EARLIER_KEY = "/key";
  private static final String EARLIER_CHAIN = "/chain";

  private final FlashStore store;

  HeldIdentities(FlashStore store) {
    this.store = store;
  }

  /**
   * One that is held.
   *
   * @param number in the order in which they came
   */
  record Held(long number, ClientIdentity identity) {}

  /** The one that is shown. */
  Held current() throws IOException {
    long number = store.get(NUMBER).map(b -> ByteBuffer.wrap(b).getLong()).orElse(0L);
    return new Held(number, read(KEY, CHAIN));
  }

  /** Those that came before it or were given up for it, the latest first. */
  List<Held> earlier() throws IOException {
    List<Held> earlier = new ArrayList<>();
    for (String name : store.names(EARLIER)) {
      if (name.endsWith(EARLIER_KEY)) {
        String number = name.substring(EARLIER.length(), name.length() - EARLIER_KEY.length());
        earlier.add(new Held(Long.parseLong(number), read(name, EARLIER + number + EARLIER_CHAIN)));
      }
    }
    earlier.sort(Comparator.comparingLong(Held::number).reversed());
    return earlier;
  }

  /** What a factory writes into a blank chip. */
  static void provision(FlashStore.Changes changes, ClientIdentity identity) throws IOException {
    changes.delete(NEXT_KEY).delete(NEXT_SPKI);
    put(changes, KEY, CHAIN, identity);
  }

  /**
   * A renewal has come through: key and certificate change together.
   *
   * @param floor a time that it certainly is; what could not be renewed any more is forgotten
   */
  void renewed(ClientIdentity fresh, Instant floor) throws IOException {
    Held present = current();
    List<Held> before = earlier();
    List<Held> kept = new ArrayList<>(before);
    kept.add(present);
    kept.removeIf(held -> isUseless(held, floor));
    kept.sort(Comparator.comparingLong(Held::number));
    long number = 1 + before.stream().mapToLong(Held::number).reduce(present.number(), Math::max);
    FlashStore.Changes changes = store.change().delete(NEXT_KEY).delete(NEXT_SPKI);
    before.forEach(held -> delete(changes, held));
    for (Held held : kept.subList(0, Math.min(MAX_EARLIER, kept.size()))) {
      put(changes, held);
    }
    show(changes, new Held(number, fresh));
    changes.commit();
  }

  private static boolean isUseless(Held held, Instant floor) {
    Instant end = held.identity().certificate().getNotAfter().toInstant();
    return end.plus(CertificateEndedException.RENEWABLE).isBefore(floor);
  }

  /** From now on this one is shown; the other stays. */
  void show(Held held) throws IOException {
    Held present = current();
    if (held.number() == present.number()) {
      return;
    }
    FlashStore.Changes changes = store.change();
    delete(changes, held);
    put(changes, present);
    show(changes, held);
    changes.commit();
  }

  private static void show(FlashStore.Changes changes, Held held) throws IOException {
    put(changes, KEY, CHAIN, held.identity());
    changes.put(NUMBER, ByteBuffer.allocate(Long.BYTES).putLong(held.number()).array());
  }

  private static void put(FlashStore.Changes changes, Held held) throws IOException {
    String name = EARLIER + held.number();
    put(changes, name + EARLIER_KEY, name + EARLIER_CHAIN, held.identity());
  }

  private static void delete(FlashStore.Changes changes, Held held) {
    String name = EARLIER + held.number();
    changes.delete(name + EARLIER_KEY).delete(name + EARLIER_CHAIN);
  }

  private static void put(
      FlashStore.Changes changes, String key, String chain, ClientIdentity identity)
      throws IOException {
    changes
        .put(key, identity.privateKey().getEncoded())
        .put(chain, IssuedCertificate.pem(identity.chain()).getBytes(StandardCharsets.US_ASCII));
  }

  private ClientIdentity read(String key, String chain) throws IOException {
    List<X509Certificate> certificates =
        IssuedCertificate.certificates(new String(required(chain), StandardCharsets.US_ASCII));
    return new ClientIdentity(
        ClientKeys.read(certificates.get(0).getPublicKey().getAlgorithm(), required(key)),
        certificates);
  }

  private byte[] required(String name) throws IOException {
    return store
        .get(name)
        .orElseThrow(
            () ->
                new FlashFileException("flash holds no " + name + ": this is no enrolled device"));
  }
}
