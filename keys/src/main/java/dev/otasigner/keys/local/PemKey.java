package dev.otasigner.keys.local;

import dev.otasigner.keys.KeySuites;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.PrivateKeyFile;
import dev.otasigner.keys.soft.SoftKey;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A private key in a file, PEM or PKCS#12: for signing on one's own machine, and on its way into a
 * token. Nothing is judged here and nothing is journalled: what protects a release is the worker.
 */
public final class PemKey implements LocalKey {
  private final SoftKey key;

  private PemKey(SoftKey key) {
    this.key = key;
  }

  /**
   * The key with the suite in which MCUboot checks a key of its type and size.
   *
   * @throws IOException when the file cannot be read
   * @throws dev.otasigner.keys.KeyOperationException.BadKey naming the file, when it holds no such
   *     key
   */
  public static PemKey forImages(Path file, Optional<Passphrase> passphrase) throws IOException {
    return read(file, KeySuites.IMAGE, passphrase);
  }

  /** The key with the usual suite of its type and size, as {@link KeySuites#usual} has it. */
  public static PemKey usual(Path file, Optional<Passphrase> passphrase) throws IOException {
    return read(file, KeySuites.USUAL, passphrase);
  }

  /**
   * The same, of a file that may be encrypted.
   *
   * @param opener asked for a passphrase, once, when it is
   */
  public static PemKey usual(Path file, PrivateKeyFile.Opener opener) throws IOException {
    return new PemKey(PrivateKeyFile.read(file, Optional.empty(), KeySuites.USUAL, opener));
  }

  /**
   * The key with the suite in which a catalogue's clients check a key of its type and size.
   *
   * @param opener asked for a passphrase, once, when the file is encrypted
   */
  public static PemKey forCatalogues(Path file, PrivateKeyFile.Opener opener) throws IOException {
    return new PemKey(PrivateKeyFile.read(file, Optional.empty(), KeySuites.CATALOGUE, opener));
  }

  /** The key with this suite. */
  public static PemKey of(Path file, SignatureSuite suite, Optional<Passphrase> passphrase)
      throws IOException {
    return read(file, List.of(suite), passphrase);
  }

  /**
   * The key with this suite.
   *
   * @param alias which entry of a PKCS#12 file; needed where it holds several keys
   * @param opener asked for a passphrase, once, when the file is encrypted
   */
  public static PemKey of(
      Path file, SignatureSuite suite, Optional<String> alias, PrivateKeyFile.Opener opener)
      throws IOException {
    return new PemKey(PrivateKeyFile.read(file, alias, List.of(suite), opener));
  }

  private static PemKey read(
      Path file, List<SignatureSuite> suites, Optional<Passphrase> passphrase) throws IOException {
    return new PemKey(PrivateKeyFile.read(file, Optional.empty(), suites, () -> passphrase));
  }

  /** Hands PrivateKeyInfo in DER to a token's import, and wipes it when that returns. */
  public <T> T handOver(Function<byte[], T> receiver) {
    return key.handOver(receiver);
  }

  @Override
  public VerificationKey key() {
    return key.publicKey();
  }

  @Override
  public byte[] sign(SigningInput input) {
    return key.sign(input);
  }

  @Override
  public String toString() {
    return key.toString();
  }
}
