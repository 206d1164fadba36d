package dev.otasigner.keys.local;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeySuites;
import dev.otasigner.keys.pkcs11.ModuleKey;
import dev.otasigner.keys.pkcs11.OpenTokens;
import dev.otasigner.keys.pkcs11.Pkcs11Uri;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.PrivateKeyFile;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Keys of one's own, in files and in tokens behind PKCS#11, for as long as it takes to sign.
 * Nothing is judged here and nothing is journalled.
 */
public final class LocalKeys implements AutoCloseable {
  private final Path directory;
  private final Optional<Passphrase> passphrase;
  private final OpenTokens tokens;

  /** Asks a person for a token's PIN; nobody there is no answer. */
  public interface PinPrompt {
    Optional<Passphrase> ask(String question);
  }

  /**
   * None yet.
   *
   * @param directory what relative file names are relative to
   * @param passphrase opens encrypted files
   * @param pins asked where a URI names no file with the PIN
   */
  public LocalKeys(Path directory, Optional<Passphrase> passphrase, PinPrompt pins) {
    this.directory = directory;
    this.passphrase = passphrase;
    this.tokens = new OpenTokens(pins::ask);
  }

  /**
   * The key that a person has named, with the suite in which MCUboot checks a key of its type.
   *
   * @param name of a file, or a PKCS#11 URI
   * @throws IOException when a file cannot be read
   * @throws KeyOperationException when there is no such key, or its token does not let in
   * @throws IllegalArgumentException when it is a URI that is not understood
   */
  public LocalKey forImages(String name) throws IOException {
    return Pkcs11Uri.isOne(name)
        ? inToken(name, KeySuites.IMAGE)
        : PemKey.forImages(directory.resolve(name), passphrase);
  }

  /**
   * The key that a person has named, with the usual suite of its type and size.
   *
   * @param name of a file, or a PKCS#11 URI
   * @param opener asked for a passphrase, once, when it is an encrypted file
   * @throws IOException as {@link #forImages}
   * @throws KeyOperationException as {@link #forImages}
   * @throws IllegalArgumentException as {@link #forImages}
   */
  public LocalKey usual(String name, PrivateKeyFile.Opener opener) throws IOException {
    return Pkcs11Uri.isOne(name)
        ? inToken(name, KeySuites.USUAL)
        : PemKey.usual(directory.resolve(name), opener);
  }

  /**
   * The key that a person has named, with the suite in which a catalogue's clients check a key of
   * its type.
   *
   * @param name of a file, or a PKCS#11 URI
   * @param opener asked for a passphrase, once, when it is an encrypted file
   * @throws IOException as {@link #forImages}
   * @throws KeyOperationException as {@link #forImages}
   * @throws IllegalArgumentException as {@link #forImages}
   */
  public LocalKey forCatalogues(String name, PrivateKeyFile.Opener opener) throws IOException {
    return Pkcs11Uri.isOne(name)
        ? inToken(name, KeySuites.CATALOGUE)
        : PemKey.forCatalogues(directory.resolve(name), opener);
  }

  private LocalKey inToken(String uri, List<SignatureSuite> suites) throws IOException {
    ModuleKey key = tokens.key(Pkcs11Uri.parse(uri), suites);
    return new LocalKey() {
      @Override
      public VerificationKey key() {
        return key.publicKey();
      }

      @Override
      public byte[] sign(SigningInput input) {
        return key.sign(input);
      }
    };
  }

  @Override
  public void close() {
    tokens.close();
  }
}
