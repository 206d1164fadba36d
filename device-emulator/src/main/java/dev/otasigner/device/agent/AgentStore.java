package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.MetadataStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The update agent's documents. Documents are named by their digests; changes are atomic. */
public final class AgentStore {
  private static final String STATE = "state";
  private static final String PENDING = "pending";
  private static final String OUTCOME = "outcome";
  private static final String SEQUENCE = "sequence";
  private static final String FAILURES = "failures";
  private static final String LEFT = "left-builds";
  private static final String NEXT_KEY = HeldIdentities.NEXT_KEY;
  private static final String NEXT_SPKI = HeldIdentities.NEXT_SPKI;
  private static final String DOCUMENT = "document/";
  private static final String LOG_NOTE = "log/note";
  private static final String LOG_KEY = "log/key";
  private static final String LOG_FETCHED = "log/fetched";
  private static final String LOG_REFUSED = "log/refused";

  /** How often a build may fail to boot and confirm itself. */
  private static final int MAX_FAILURES = 3;

  private final FlashStore store;

  private AgentStore(FlashStore store) {
    this.store = store;
  }

  public static AgentStore open(FlashRegion region) throws IOException {
    return new AgentStore(FlashStore.open(region));
  }

  /** What a factory writes into a blank chip. */
  public void provision(
      DeviceState state, byte[] manifest, byte[] profile, byte[] root, ClientIdentity identity)
      throws IOException {
    FlashStore.Changes changes =
        store
            .change()
            .put(STATE, state.toJson().canonicalBytes())
            .put(document(Digest.of(manifest)), manifest)
            .put(document(Digest.of(profile)), profile);
    FlashMetadataStore.provision(changes, state.lineage(), root);
    HeldIdentities.provision(changes, identity);
    changes.commit();
  }

  /** The state as the agent keeps it; what the bootloader keeps is stale in here. */
  DeviceState state() throws IOException {
    try {
      return DeviceState.read(required(STATE));
    } catch (RejectedException e) {
      throw damaged(STATE, e);
    }
  }

  void saveState(DeviceState state) throws IOException {
    byte[] json = state.toJson().canonicalBytes();
    if (!store.get(STATE).map(old -> java.util.Arrays.equals(old, json)).orElse(false)) {
      store.put(STATE, json);
    }
  }

  byte[] document(String what, Digest digest) throws IOException {
    return store
        .get(document(digest))
        .orElseThrow(
            () -> new FlashFileException("flash holds no " + what + " " + digest.abbreviated()));
  }

  Profile profile(Digest digest) throws IOException {
    try {
      return Profile.read(document("profile", digest));
    } catch (RejectedException e) {
      throw damaged("profile", e);
    }
  }

  Optional<PendingUpgrade> pending() throws IOException {
    Optional<byte[]> json = store.get(PENDING);
    try {
      return json.isEmpty() ? Optional.empty() : Optional.of(PendingUpgrade.read(json.get()));
    } catch (RejectedException e) {
      throw damaged(PENDING, e);
    }
  }

  /** Begins an upgrade with its documents; those of another one go. */
  void begin(PendingUpgrade pending, DeviceState state, List<byte[]> documents) throws IOException {
    FlashStore.Changes changes = store.change().put(PENDING, pending.toBytes());
    forgetOthers(changes, state);
    for (byte[] bytes : documents) {
      changes.put(document(Digest.of(bytes)), bytes);
    }
    changes.commit();
  }

  void save(PendingUpgrade pending) throws IOException {
    store.put(PENDING, pending.toBytes());
  }

  /** Ends an upgrade that did not come to be; its documents go, and the outcome is kept. */
  void abandon(DeviceState state, AttemptOutcome outcome) throws IOException {
    abandoning(state, outcome).commit();
  }

  /** The same, and this build is not taken again for as long as it is listed so. */
  void leave(PendingUpgrade pending, DeviceState state, AttemptOutcome outcome) throws IOException {
    FlashStore.Changes changes = abandoning(state, outcome);
    leave(changes, pending, LeftBuild.of(pending, reason(outcome)));
    changes.commit();
  }

  /**
   * The bootloader refused it or went back from it; after the third time it is left alone, for a
   * time if it was booted.
   */
  void failed(PendingUpgrade pending, DeviceState state, AttemptOutcome outcome, Instant now)
      throws IOException {
    FlashStore.Changes changes = abandoning(state, outcome);
    int count = failures(pending.manifest()) + 1;
    if (count < MAX_FAILURES) {
      changes.put(FAILURES, concat(pending.manifest().bytes(), new byte[] {(byte) count}));
    } else {
      changes.delete(FAILURES);
      if (outcome.result() == AttemptOutcome.Result.REVERTED) {
        int rounds =
            leftBuilds().stream()
                .filter(left -> left.isOf(pending))
                .mapToInt(LeftBuild::rounds)
                .findFirst()
                .orElse(0);
        leave(changes, pending, LeftBuild.forNow(pending, reason(outcome), rounds, now));
      } else {
        leave(changes, pending, LeftBuild.of(pending, reason(outcome)));
      }
    }
    changes.commit();
  }

  private FlashStore.Changes abandoning(DeviceState state, AttemptOutcome outcome) {
    FlashStore.Changes changes =
        store.change().delete(PENDING).put(OUTCOME, outcome.toJson().canonicalBytes());
    forgetOthers(changes, state);
    return changes;
  }

  private static Reason reason(AttemptOutcome outcome) {
    return outcome.reason().orElse(Reason.NOT_CONFIRMED);
  }

  private void leave(FlashStore.Changes changes, PendingUpgrade pending, LeftBuild build)
      throws IOException {
    List<LeftBuild> builds = new ArrayList<>(leftBuilds());
    builds.removeIf(left -> left.isOf(pending));
    builds.add(build);
    changes.put(LEFT, LeftBuild.toBytes(builds));
  }

  /** The builds that are left alone, those longest first. */
  List<LeftBuild> leftBuilds() throws IOException {
    Optional<byte[]> json = store.get(LEFT);
    try {
      return json.isEmpty() ? List.of() : LeftBuild.read(json.get());
    } catch (RejectedException e) {
      throw damaged(LEFT, e);
    }
  }

  void saveLeftBuilds(List<LeftBuild> builds) throws IOException {
    store.put(LEFT, LeftBuild.toBytes(builds));
  }

  /** The new build is the running one: its documents take the place of the old. */
  void adopt(DeviceState state, AttemptOutcome outcome) throws IOException {
    FlashStore.Changes changes =
        store
            .change()
            .put(STATE, state.toJson().canonicalBytes())
            .put(OUTCOME, outcome.toJson().canonicalBytes())
            .delete(PENDING)
            .delete(FAILURES)
            .delete(LEFT);
    forgetOthers(changes, state);
    for (String name : store.names(FlashMetadataStore.PREFIX)) {
      if (!name.startsWith(FlashMetadataStore.name(state.lineage(), ""))) {
        changes.delete(name);
      }
    }
    changes.commit();
  }

  private void forgetOthers(FlashStore.Changes changes, DeviceState state) {
    List<String> kept =
        List.of(document(state.running().manifest()), document(state.running().profile()));
    for (String name : store.names(DOCUMENT)) {
      if (!kept.contains(name)) {
        changes.delete(name);
      }
    }
  }

  /** How often this build failed, as far as it was the latest that did. */
  int failures(Digest manifest) {
    return store
        .get(FAILURES)
        .filter(f -> Digest.ofHash(java.util.Arrays.copyOf(f, 32)).equals(manifest))
        .map(f -> f[32] & 0xff)
        .orElse(0);
  }

  Optional<AttemptOutcome> outcome() throws IOException {
    Optional<byte[]> json = store.get(OUTCOME);
    try {
      return json.isEmpty() ? Optional.empty() : Optional.of(AttemptOutcome.read(json.get()));
    } catch (RejectedException e) {
      throw damaged(OUTCOME, e);
    }
  }

  void saveOutcome(AttemptOutcome outcome) throws IOException {
    store.put(OUTCOME, outcome.toJson().canonicalBytes());
  }

  /** The number of the next check-in; each is given out once. */
  long nextSequence() throws IOException {
    long next = sequence() + 1;
    saveSequence(next);
    return next;
  }

  /** The number of the latest check-in. */
  long sequence() {
    return store.get(SEQUENCE).map(b -> ByteBuffer.wrap(b).getLong()).orElse(0L);
  }

  void saveSequence(long heard) throws IOException {
    store.put(SEQUENCE, ByteBuffer.allocate(8).putLong(heard).array());
  }

  /** The service has taken a check-in, and the outcome with it. */
  void checkedIn() throws IOException {
    if (store.get(OUTCOME).isPresent()) {
      store.change().delete(OUTCOME).commit();
    }
  }

  /** The newest checkpoint of the maker's audit log, a signed note. */
  public Optional<byte[]> logNote() {
    return store.get(LOG_NOTE);
  }

  /** The key that the first checkpoint came with. */
  Optional<byte[]> logKey() {
    return store.get(LOG_KEY);
  }

  /** Takes a checkpoint in; what was refused before is forgotten with it. */
  void saveLog(byte[] note, byte[] key) throws IOException {
    store.change().put(LOG_NOTE, note).put(LOG_KEY, key).delete(LOG_REFUSED).commit();
  }

  Optional<Instant> logFetched() {
    return store.get(LOG_FETCHED).map(b -> Instant.ofEpochSecond(ByteBuffer.wrap(b).getLong()));
  }

  void saveLogFetched(Instant at) throws IOException {
    store.put(LOG_FETCHED, ByteBuffer.allocate(8).putLong(at.getEpochSecond()).array());
  }

  /** When and why a checkpoint was refused, since the last one that was not. */
  public Optional<String> logRefused() {
    return store.get(LOG_REFUSED).map(b -> new String(b, StandardCharsets.UTF_8));
  }

  void saveLogRefused(String why) throws IOException {
    store.put(LOG_REFUSED, why.getBytes(StandardCharsets.UTF_8));
  }

  /** The proxy that is set, and the route that worked. */
  public NetworkMemory network() {
    return new FlashNetworkMemory(store);
  }

  /** What of a lineage's metadata is trusted already. */
  MetadataStore metadata(Profile.Lineage lineage) throws IOException {
    // No build is taken whose profile has the running lineage begin with another root.
    boolean isRunning = state().lineage().equals(lineage.name());
    return new FlashMetadataStore(store, lineage, isRunning);
  }

  /** The one that is shown. */
  ClientIdentity identity() throws IOException {
    return identities().current().identity();
  }

  /** That one, and those before it. */
  HeldIdentities identities() {
    return new HeldIdentities(store);
  }

  /** The key that a certificate was asked for, if it is of this type and none has come yet. */
  public Optional<KeyPair> renewalKey(ClientKeyType type) throws IOException {
    Optional<byte[]> key = store.get(NEXT_KEY);
    Optional<byte[]> spki = store.get(NEXT_SPKI);
    if (key.isEmpty() || spki.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(ClientKeys.read(spki.get(), key.get()))
        .filter(k -> ClientKeys.typeOf(k.getPublic()).filter(type::equals).isPresent());
  }

  /**
   * Keeps a key before a certificate is asked for: if the answer is lost, the same key is asked for
   * again.
   */
  public void saveRenewalKey(KeyPair keys) throws IOException {
    store
        .change()
        .put(NEXT_KEY, keys.getPrivate().getEncoded())
        .put(NEXT_SPKI, keys.getPublic().getEncoded())
        .commit();
  }

  private byte[] required(String name) throws IOException {
    return store
        .get(name)
        .orElseThrow(
            () ->
                new FlashFileException("flash holds no " + name + ": this is no enrolled device"));
  }

  private static IOException damaged(String what, RejectedException cause) {
    return new FlashFileException(
        "flash holds an unreadable " + what + ": " + cause.getMessage(), cause);
  }

  private static String document(Digest digest) {
    return DOCUMENT + digest.hex();
  }

  private static byte[] concat(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }
}
