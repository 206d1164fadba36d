package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A token that writes down, before it hands it out, each signature that it made. */
final class LoggingToken
    implements Token, Token.Listing, Token.Destruction, Token.Reread, Token.Probe {
  private final Token token;
  private final ForcedLog log;

  /** Told {@code before: } and {@code after: } each signature. */
  Consumer<String> around = when -> {};

  LoggingToken(Token token, ForcedLog log) {
    this.token = token;
    this.log = log;
  }

  @Override
  public byte[] sign(Digest keyId, SigningInput input) {
    around.accept("before: ");
    byte[] signature = token.sign(keyId, input);
    try {
      log.add(
          Json.object()
              .put("keyId", keyId)
              .put("toBeSigned", Digest.of(input.bytes()))
              .put("signature", Digest.of(Bytes.copyOf(signature)))
              .build());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    around.accept("after: ");
    return signature;
  }

  @Override
  public TokenKey generate(KeySpec spec) {
    return token.generate(spec);
  }

  @Override
  public Optional<TokenKey> find(String name) {
    return token.find(name);
  }

  @Override
  public VerificationKey publicKey(Digest keyId) {
    return token.publicKey(keyId);
  }

  @Override
  public List<TokenKey> keys() {
    return ((Token.Listing) token).keys();
  }

  @Override
  public void destroy(Digest keyId) {
    ((Token.Destruction) token).destroy(keyId);
  }

  @Override
  public void reread() {
    if (token instanceof Token.Reread reading) {
      reading.reread();
    }
  }

  @Override
  public Probed probe() {
    return ((Token.Probe) token).probe();
  }

  @Override
  public void close() {
    token.close();
  }
}
