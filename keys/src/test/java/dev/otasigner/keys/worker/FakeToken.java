package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.testing.TestKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** A token in memory that can be told to fail. Its keys are real. */
final class FakeToken
    implements Token,
        Token.Listing,
        Token.Adoption,
        Token.Destruction,
        Token.Unfinished,
        Token.Probe {
  private record Held(TokenKey description, TestKey key) {}

  private final Map<Digest, Held> held = new LinkedHashMap<>();

  /** Keys that lie in it, made by somebody else's software. */
  final Map<String, TestKey> foreign = new HashMap<>();

  /** Called with what is to be signed, before it is. */
  Consumer<SigningInput> beforeSigning = input -> {};

  List<String> unfinished = List.of();
  boolean signsWrongly;
  boolean gone;
  int signatures;

  @Override
  public TokenKey generate(KeySpec spec) {
    if (find(spec.name()).isPresent()) {
      throw new NameTaken(spec.name());
    }
    return hold(spec.name(), spec.purpose(), TestKey.of(spec.suite(), spec.name()));
  }

  TokenKey hold(String name, KeyPurpose purpose, TestKey key) {
    TokenKey description = new TokenKey(name, purpose, key.key());
    held.put(key.keyId(), new Held(description, key));
    return description;
  }

  @Override
  public Optional<TokenKey> find(String name) {
    return keys().stream().filter(k -> k.name().equals(name)).findFirst();
  }

  @Override
  public List<TokenKey> keys() {
    return new ArrayList<>(held.values().stream().map(Held::description).toList());
  }

  private Held require(Digest keyId) {
    Held key = held.get(keyId);
    if (key == null) {
      throw new NoSuchKey(keyId);
    }
    return key;
  }

  @Override
  public VerificationKey publicKey(Digest keyId) {
    return require(keyId).key().key();
  }

  @Override
  public byte[] sign(Digest keyId, SigningInput input) {
    beforeSigning.accept(input);
    if (gone) {
      throw new TokenUnavailable("the token was pulled out");
    }
    byte[] signature = require(keyId).key().sign(input);
    signatures++;
    if (signsWrongly) {
      signature[signature.length / 2] ^= 1;
    }
    return signature;
  }

  @Override
  public void destroy(Digest keyId) {
    require(keyId);
    held.remove(keyId);
  }

  @Override
  public VerificationKey publicHalf(SignatureSuite suite, String uri) {
    TestKey key = foreign.get(uri);
    if (key == null || key.key().suite() != suite) {
      throw new BadKey("no such key at " + uri);
    }
    return key.key();
  }

  @Override
  public TokenKey adopt(KeySpec spec, String uri) {
    publicHalf(spec.suite(), uri);
    return hold(spec.name(), spec.purpose(), Objects.requireNonNull(foreign.get(uri)));
  }

  @Override
  public List<String> unfinished() {
    return unfinished;
  }

  @Override
  public Probed probe() {
    if (gone) {
      throw new TokenUnavailable("the token was pulled out");
    }
    TestKey key = TestKey.of(SignatureSuite.ED25519, "probe");
    Bytes challenge = Bytes.copyOf(new byte[] {1, 2, 3});
    byte[] signature = key.sign(challenge.toByteArray());
    if (signsWrongly) {
      signature[0] ^= 1;
    }
    return new Probed(key.key(), challenge, Bytes.copyOf(signature));
  }

  @Override
  public void close() {}
}
