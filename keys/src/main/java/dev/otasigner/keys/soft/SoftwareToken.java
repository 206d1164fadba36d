package dev.otasigner.keys.soft;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.ExclusiveLock;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A token in a directory: {@code token.seal} holds how its key is derived from the passphrase, and
 * {@code KEYID.seal} each private key under AES-256-GCM, bound to its identifier, name, purpose and
 * suite. Every file is whole or absent after a crash, and only its owner reads it.
 *
 * <p>A token with a damaged file does not open: the error names the file, and it opens again once
 * the file is restored or moved away. Signs in pure Java. HSS/LMS keys are refused by name.
 */
public final class SoftwareToken
    implements Token, Token.Listing, Token.Import, Token.Departure, Token.Destruction, Token.Probe {
  private static final String HEADER = "token.seal";
  private static final String LOCK = "token";
  private static final String SUFFIX = ".seal";
  private static final int MAX_SALT_BYTES = 64;
  private static final int CHALLENGE_BYTES = 32;

  private record Held(TokenKey description, SoftKey key) {
    @Override
    public String toString() {
      return description.toString();
    }
  }

  private final Path directory;
  private final ExclusiveLock lock;
  private final SecureRandom random = new SecureRandom();
  private final SlowLane slow = new SlowLane(Runtime.getRuntime().availableProcessors());
  private final Map<Digest, Held> held = new ConcurrentHashMap<>();
  private volatile @Nullable Seal seal;
  private volatile @Nullable SoftKey probe;

  private SoftwareToken(Path directory, ExclusiveLock lock, Seal seal, SoftKey probe) {
    this.directory = directory;
    this.lock = lock;
    this.seal = seal;
    this.probe = probe;
  }

  /** Whether a token was made in this directory. */
  public static boolean existsIn(Path directory) {
    return Files.exists(directory.resolve(HEADER));
  }

  /**
   * Makes an empty token.
   *
   * @throws NameTaken when the directory holds one
   */
  public static SoftwareToken create(Path directory, Passphrase passphrase, Argon2Cost cost) {
    if (existsIn(directory)) {
      throw new NameTaken(directory + " holds a token already");
    }
    try {
      DurableFile.createDirectories(directory);
    } catch (IOException e) {
      throw new TokenUnavailable(directory + ": can not be made: " + e.getMessage(), e);
    }
    return locked(
        ExclusiveLock.take(directory, LOCK), lock -> create(directory, lock, passphrase, cost));
  }

  private static SoftwareToken create(
      Path directory, ExclusiveLock lock, Passphrase passphrase, Argon2Cost cost) {
    try {
      byte[] salt = new byte[Seal.SALT_BYTES];
      new SecureRandom().nextBytes(salt);
      Seal seal = Seal.derive(passphrase, salt, cost);
      SoftKey probe = SoftKey.generate(SignatureSuite.ED25519);
      Json.Obj bound = header(Bytes.copyOf(salt), cost, new Anchor(probe.publicKey()));
      SealedFile.create(directory.resolve(HEADER), sealed(seal, bound, probe));
      return new SoftwareToken(directory, lock, seal, probe);
    } catch (IOException e) {
      throw new TokenUnavailable(directory + ": the token can not be made: " + e.getMessage(), e);
    }
  }

  /**
   * Opens the token and all its keys.
   *
   * @throws SealBroken when the passphrase is wrong or a file is damaged
   * @throws TokenUnavailable when another process has it open, or it cannot be read
   */
  public static SoftwareToken open(Path directory, Passphrase passphrase) {
    requireExists(directory);
    return locked(ExclusiveLock.take(directory, LOCK), lock -> open(directory, lock, passphrase));
  }

  /**
   * The same, whoever has it open: for the worker that has taken over from a frozen one, and holds
   * the lock that the other one has lost. That one's token makes and erases no keys any more.
   */
  public static SoftwareToken seize(Path directory, Passphrase passphrase) {
    requireExists(directory);
    return locked(ExclusiveLock.seize(directory, LOCK), lock -> open(directory, lock, passphrase));
  }

  private static void requireExists(Path directory) {
    if (!existsIn(directory)) {
      throw new TokenUnavailable(directory + ": no token was made here");
    }
  }

  private static SoftwareToken locked(
      ExclusiveLock lock, Function<ExclusiveLock, SoftwareToken> action) {
    boolean opened = false;
    try {
      SoftwareToken token = action.apply(lock);
      opened = true;
      return token;
    } finally {
      if (!opened) {
        lock.close();
      }
    }
  }

  private static SoftwareToken open(Path directory, ExclusiveLock lock, Passphrase passphrase) {
    Path file = directory.resolve(HEADER);
    try {
      Fields body = SealedFile.read(file);
      body.requireSchema(Set.of());
      Bytes salt = body.base64("kdfSalt", MAX_SALT_BYTES);
      Argon2Cost cost = Argon2Cost.read(body.object("argon2id"));
      Anchor anchor = Anchor.read(body.object("probe"));
      Seal seal = Seal.derive(passphrase, salt.toByteArray(), cost);
      byte[] pkcs8 =
          seal.open(body.object("sealed"), header(salt, cost, anchor))
              .orElseThrow(
                  () ->
                      new SealBroken(
                          SealFault.WRONG_PASSPHRASE,
                          directory + ": the passphrase is not the one this token was made with"));
      SoftwareToken token =
          new SoftwareToken(directory, lock, seal, SoftKey.ofSealed(anchor.suite(), pkcs8));
      Arrays.fill(pkcs8, (byte) 0);
      token.load(seal);
      return token;
    } catch (RejectedException e) {
      throw new SealBroken(SealFault.CORRUPT, file + ": " + e.getMessage());
    } catch (IOException e) {
      throw new TokenUnavailable(file + ": the token can not be read: " + e.getMessage(), e);
    }
  }

  private void load(Seal with) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith(DurableFile.TEMPORARY_PREFIX)) {
          Files.delete(file);
        } else if (name.endsWith(SUFFIX) && !name.equals(HEADER)) {
          Held key = unseal(with, file);
          if (!name.equals(key.description().keyId().hex() + SUFFIX)) {
            throw new SealBroken(SealFault.TAMPERED, file + ": holds a key of another name");
          }
          held.put(key.description().keyId(), key);
        }
      }
    }
  }

  private static Held unseal(Seal seal, Path file) throws IOException {
    Fields body = SealedFile.read(file);
    try {
      body.requireSchema(Set.of());
      Anchor anchor = Anchor.read(body.object("key"));
      KeyPurpose purpose = body.oneOf("purpose", KeyPurpose::ofCode, "key purpose");
      TokenKey description = new TokenKey(body.name("name"), purpose, anchor.key());
      byte[] pkcs8 =
          seal.open(body.object("sealed"), bound(description))
              .orElseThrow(
                  () ->
                      new SealBroken(
                          SealFault.TAMPERED,
                          file
                              + ": sealed under another passphrase, or as a key of another name,"
                              + " purpose or suite"));
      SoftKey key = SoftKey.ofSealed(anchor.suite(), pkcs8);
      Arrays.fill(pkcs8, (byte) 0);
      if (!key.publicKey().equals(anchor.key())) {
        throw new SealBroken(SealFault.TAMPERED, file + ": its two halves are not of one key");
      }
      return new Held(description, key);
    } catch (RejectedException e) {
      throw new SealBroken(SealFault.CORRUPT, file + ": " + e.getMessage());
    }
  }

  private static Json.Obj header(Bytes salt, Argon2Cost cost, Anchor probe) {
    return Json.object()
        .put("schema", 1)
        .putBase64("kdfSalt", salt)
        .put("argon2id", cost.toJson())
        .put("probe", probe.toJson())
        .build();
  }

  /** What the seal of a key is bound to. */
  private static Json.Obj bound(TokenKey key) {
    return Json.object()
        .put("schema", 1)
        .put("name", key.name())
        .put("purpose", key.purpose().code())
        .put("key", new Anchor(key.publicKey()).toJson())
        .build();
  }

  private static Json.Obj sealed(Seal seal, Json.Obj bound, SoftKey key) {
    byte[] pkcs8 = key.pkcs8();
    Json.Builder body = Json.object();
    bound.members().forEach((name, value) -> body.put(name, value));
    body.put("sealed", seal.seal(pkcs8, bound));
    Arrays.fill(pkcs8, (byte) 0);
    return body.build();
  }

  @Override
  public TokenKey generate(KeySpec spec) {
    requireFree(spec.name());
    return store(spec, SoftKey.generate(spec.suite()));
  }

  @Override
  public VerificationKey publicHalf(SignatureSuite suite, byte[] pkcs8) {
    return SoftKey.publicHalf(suite, pkcs8);
  }

  @Override
  public TokenKey importKey(KeySpec spec, byte[] pkcs8) {
    try {
      requireFree(spec.name());
      return store(spec, SoftKey.ofForeign(spec.suite(), pkcs8));
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  @Override
  public TokenKey handOver(Digest keyId, Function<byte[], TokenKey> receiver) {
    return require(keyId).key().handOver(receiver);
  }

  private synchronized TokenKey store(KeySpec spec, SoftKey key) {
    lock.require();
    requireFree(spec.name());
    TokenKey description = new TokenKey(spec.name(), spec.purpose(), key.publicKey());
    if (held.containsKey(description.keyId())) {
      throw new NameTaken("the token holds key " + description.keyId().abbreviated() + " already");
    }
    try {
      SealedFile.create(file(description.keyId()), sealed(openSeal(), bound(description), key));
    } catch (IOException e) {
      throw new TokenUnavailable("the key can not be stored: " + e.getMessage(), e);
    }
    held.put(description.keyId(), new Held(description, key));
    return description;
  }

  private void requireFree(String name) {
    if (find(name).isPresent()) {
      throw new NameTaken("the token holds a key named '" + name + "' already");
    }
  }

  @Override
  public Optional<TokenKey> find(String name) {
    openSeal();
    return held.values().stream()
        .map(Held::description)
        .filter(key -> key.name().equals(name))
        .findFirst();
  }

  @Override
  public List<TokenKey> keys() {
    openSeal();
    return held.values().stream()
        .map(Held::description)
        .sorted(Comparator.comparing(TokenKey::name))
        .toList();
  }

  @Override
  public Optional<KeyPurpose> purposeOf(Digest keyId) {
    openSeal();
    return Optional.ofNullable(held.get(keyId)).map(key -> key.description().purpose());
  }

  @Override
  public VerificationKey publicKey(Digest keyId) {
    return require(keyId).key().publicKey();
  }

  @Override
  public byte[] sign(Digest keyId, SigningInput input) {
    SoftKey key = require(keyId).key();
    return key.publicKey().suite().family() == SignatureSuite.Family.SLH_DSA
        ? slow.sign(() -> key.sign(input))
        : key.sign(input);
  }

  int slowSignaturesUnderWay() {
    return slow.underWay();
  }

  @Override
  public synchronized void destroy(Digest keyId) {
    require(keyId);
    lock.require();
    try {
      DurableFile.delete(file(keyId));
    } catch (IOException e) {
      throw new TokenUnavailable("the key can not be erased: " + e.getMessage(), e);
    }
    held.remove(keyId);
  }

  /** Reads its own header again, so that a token whose disk has gone does not call itself well. */
  @Override
  public Probed probe() {
    openSeal();
    SoftKey key = probe;
    if (key == null || !Files.isReadable(directory.resolve(HEADER))) {
      throw new TokenUnavailable(directory + ": the token's directory is gone");
    }
    byte[] challenge = new byte[CHALLENGE_BYTES];
    random.nextBytes(challenge);
    return new Probed(
        key.publicKey(),
        Bytes.copyOf(challenge),
        Bytes.copyOf(key.sign(SigningInput.message(challenge))));
  }

  /** The private half, for what takes it out of this token under another seal. */
  SoftKey privateHalf(Digest keyId) {
    return require(keyId).key();
  }

  private Held require(Digest keyId) {
    openSeal();
    Held key = held.get(keyId);
    if (key == null) {
      throw new NoSuchKey(keyId);
    }
    return key;
  }

  private Seal openSeal() {
    Seal open = seal;
    if (open == null) {
      throw new IllegalStateException("the token is closed");
    }
    return open;
  }

  private Path file(Digest keyId) {
    return directory.resolve(keyId.hex() + SUFFIX);
  }

  @Override
  public synchronized void close() {
    Seal open = seal;
    seal = null;
    if (open != null) {
      open.close();
    }
    probe = null;
    held.clear();
    lock.close();
  }

  @Override
  public String toString() {
    return "software token in " + directory;
  }
}
