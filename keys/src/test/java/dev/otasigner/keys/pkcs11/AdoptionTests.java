package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that other software has put into the token, on SoftHSM. */
@SuppressWarnings("NullAway.Init")
class AdoptionTests {
  private static final byte[] MESSAGE = "what is signed".getBytes(StandardCharsets.UTF_8);
  private static final SignatureSuite P256 = SignatureSuite.ECDSA_P256_SHA256;
  private static final SignatureSuite RSA = SignatureSuite.RSA_PSS_2048_SHA256;
  private static final byte[] ID = {1};

  private Pkcs11Module module;
  private Pkcs11Token token;
  private TokenObjects objects;

  @BeforeEach
  void open() throws Exception {
    module = SoftHsm.emptyToken();
    reopen();
  }

  private void reopen() throws CryptokiException {
    close();
    token = Pkcs11Token.open(module, SoftHsm.pin());
    objects = SoftHsm.objects(module);
  }

  @AfterEach
  void close() {
    if (token != null) {
      token.close();
    }
  }

  private static KeySpec spec(SignatureSuite suite) {
    return new KeySpec("image", suite, KeyPurpose.IMAGE);
  }

  private TokenKey adopt(SignatureSuite suite, String path) {
    return token.adopt(spec(suite), "pkcs11:" + path);
  }

  /** Refused, with nothing written. */
  private AbstractThrowableAssert<?, ?> refused(SignatureSuite suite, String path)
      throws CryptokiException {
    List<Long> before = objects.find(new Template());
    AbstractThrowableAssert<?, ?> refusal =
        assertThatThrownBy(() -> adopt(suite, path)).isInstanceOf(BadKey.class);
    assertThat(objects.find(new Template())).isEqualTo(before);
    assertThat(token.keys()).isEmpty();
    return refusal;
  }

  /** As the tools of the field make one: a label, an id, no certificate. */
  private static Template foreign(SignatureSuite suite, byte[] id, String label) {
    return Template.privateKey(SuiteMechanism.of(suite).keyType(), id, label);
  }

  private long[] make(SignatureSuite suite, Template privateKey) throws CryptokiException {
    SuiteMechanism mechanism = SuiteMechanism.of(suite);
    Template publicKey = Template.publicKey(mechanism.keyType(), ID, "public");
    Object id = privateKey.values().get(Ck.CKA_ID);
    if (id instanceof byte[] bytes && bytes.length > 0) {
      publicKey.with(Ck.CKA_ID, bytes);
    }
    return objects.generate(mechanism.generationCode(), mechanism.complete(publicKey), privateKey);
  }

  private void requireSigns(TokenKey key) throws Exception {
    reopen();
    assertThat(token.find("image")).contains(key);
    key.publicKey().verify(MESSAGE, token.sign(key.keyId(), SigningInput.message(MESSAGE)));
  }

  @Test
  void aKeyWithoutACertificateIsAdoptedByItsLabel() throws Exception {
    make(P256, foreign(P256, ID, "fleet key"));
    assertThat(token.keys()).isEmpty();
    requireSigns(adopt(P256, "object=fleet%20key"));
  }

  @Test
  void aKeyWithoutACertificateIsAdoptedByItsId() throws Exception {
    make(RSA, foreign(RSA, ID, "fleet"));
    requireSigns(adopt(RSA, "token=test;id=%01;type=private"));
  }

  @Test
  void aKeyThatTheToolOfTheTokenImportedIsAdopted(@TempDir Path directory) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    byte[] pkcs8 = generator.generateKeyPair().getPrivate().getEncoded();
    Path file = directory.resolve("key.pem");
    Files.writeString(
        file,
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(pkcs8)
            + "\n-----END PRIVATE KEY-----\n");
    SoftHsm.run(
        "softhsm2-util",
        "--import",
        file.toString(),
        "--slot",
        Long.toString(module.slotId().orElseThrow()),
        "--label",
        "field",
        "--id",
        "A1",
        "--pin",
        SoftHsm.PIN);
    reopen();
    TokenKey key = adopt(SignatureSuite.RSA_PKCS1_2048_SHA256, "object=field;id=%A1");
    assertThat(token.protection(key.keyId()).staysInside()).isTrue();
    requireSigns(key);
  }

  @Test
  void thePublicHalfIsToldBeforeAnythingIsWritten() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    int before = objects.find(new Template()).size();
    var told = token.publicHalf(P256, "pkcs11:object=fleet");
    assertThat(objects.find(new Template())).hasSize(before);
    assertThat(adopt(P256, "object=fleet").publicKey()).isEqualTo(told);
  }

  @Test
  void aKeyWithACertificateOfSomebodyElseIsAdoptedAndKeepsIt() throws Exception {
    long[] pair = make(P256, foreign(P256, ID, "fleet"));
    byte[] der = Certificates.byAnotherKey(objects, pair[0]);
    long theirs = Certificates.store(objects, ID, "image", der);
    TokenKey key = adopt(P256, "object=fleet");
    requireSigns(key);
    token.destroy(key.keyId());
    assertThat(objects.withId(Ck.CKO_CERTIFICATE, ID)).containsExactly(theirs);
  }

  @Test
  void aPublicHalfThatStandsInACertificateOnlyIsReadThere() throws Exception {
    long[] pair = make(P256, foreign(P256, ID, "fleet"));
    byte[] der = Certificates.byAnotherKey(objects, pair[0]);
    Certificates.store(objects, ID, "theirs", der);
    objects.destroy(List.of(pair[0]));
    requireSigns(adopt(P256, "object=fleet"));
  }

  @Test
  void aKeyThatIsNotThereIsNotAdopted() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    refused(P256, "object=flet")
        .hasMessage("the token has no private key that fits pkcs11:object=flet");
    refused(P256, "object=fleet;id=%02").hasMessageContaining("no private key that fits");
  }

  @Test
  void aUriThatTwoKeysFitIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    make(P256, foreign(P256, new byte[] {2}, "fleet"));
    refused(P256, "object=fleet").hasMessageContaining("2 private keys fit pkcs11:object=fleet");
  }

  @Test
  void aUriThatNamesNoKeyIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    refused(P256, "token=test").hasMessageContaining("names no key");
  }

  @Test
  void anotherTokenThanTheOpenOneIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    refused(P256, "token=twin;object=fleet")
        .hasMessageContaining("pkcs11:token=twin is not the open token 'test'");
    refused(P256, "object=fleet?module-path=/usr/lib/other.so")
        .hasMessageContaining("is not the open token");
  }

  @Test
  void aPinOrItsFileInTheUriIsRefused() throws Exception {
    refused(P256, "object=fleet?pin-source=file:/etc/pin").hasMessageContaining("pin-source");
    refused(P256, "object=fleet?pin-value=2580")
        .hasMessageContaining("pin-value")
        .hasMessageNotContaining("2580");
  }

  @Test
  void aKeyOfAnotherTypeThanTheSuitesIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    refused(RSA, "object=fleet")
        .hasMessageContaining("not an RSA key, as rsa-pss-2048-sha256 needs it");
  }

  @Test
  void aKeyOfAnotherSizeThanTheSuitesIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    refused(SignatureSuite.ECDSA_P384_SHA384, "object=fleet")
        .hasMessageContaining("not a key of ecdsa-p384-sha384");
  }

  @Test
  void aSuiteThatTheTokenDoesNotDoIsRefused() {
    assertThatThrownBy(() -> adopt(SignatureSuite.ED25519, "object=fleet"))
        .isInstanceOf(NotSupported.class)
        .hasMessageContaining("ed25519");
  }

  @Test
  void aKeyThatMayNotSignIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet").with(Ck.CKA_SIGN, false).with(Ck.CKA_DERIVE, true));
    refused(P256, "object=fleet").hasMessageContaining("CKA_SIGN is false");
  }

  @Test
  void aKeyThatAsksForItsPinEachTimeIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet").with(Ck.CKA_ALWAYS_AUTHENTICATE, true));
    refused(P256, "object=fleet").hasMessageContaining("CKA_ALWAYS_AUTHENTICATE");
  }

  @Test
  void aKeyWithoutAnIdIsRefused() throws Exception {
    make(P256, foreign(P256, new byte[0], "fleet"));
    refused(P256, "object=fleet").hasMessageContaining("no CKA_ID");
  }

  @Test
  void anIdThatTwoKeysHaveIsRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    make(P256, foreign(P256, ID, "other"));
    refused(P256, "object=fleet").hasMessageContaining("other private keys of the same CKA_ID");
  }

  @Test
  void aKeyWhosePublicHalfIsNowhereIsRefused() throws Exception {
    long[] pair = make(P256, foreign(P256, ID, "fleet"));
    objects.destroy(List.of(pair[0]));
    refused(P256, "object=fleet").hasMessageContaining("public half is not in the token");
  }

  @Test
  void publicKeysThatContradictEachOtherAreRefused() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    long[] other = make(P256, foreign(P256, ID, "other"));
    objects.destroy(List.of(other[1]));
    refused(P256, "object=fleet").hasMessageContaining("different public keys of the same CKA_ID");
  }

  @Test
  void aPublicKeyOfAnotherPrivateKeyIsRefused() throws Exception {
    long[] pair = make(P256, foreign(P256, ID, "fleet"));
    long[] other = make(P256, foreign(P256, ID, "other"));
    objects.destroy(List.of(pair[0], other[1]));
    refused(P256, "object=fleet").hasMessageContaining("is not the public half of the key");
  }

  @Test
  void aKeyThatCouldBeTakenOutNoLongerCan() throws Exception {
    Template open =
        foreign(P256, ID, "fleet").with(Ck.CKA_SENSITIVE, false).with(Ck.CKA_EXTRACTABLE, true);
    long[] pair = make(P256, open);
    assertThat(KeyProtection.read(objects, pair[1]).staysInside()).isFalse();
    TokenKey key = adopt(P256, "object=fleet");
    KeyProtection protection = token.protection(key.keyId());
    assertThat(protection.staysInside()).isTrue();
    assertThat(protection.wasAlwaysInside()).as("copies may exist").isFalse();
  }

  @Test
  void aKeyThatCouldOnceBeTakenOutIsMarkedForGood() throws Exception {
    make(
        P256,
        foreign(P256, ID, "fleet").with(Ck.CKA_SENSITIVE, false).with(Ck.CKA_EXTRACTABLE, true));
    assertThat(adopt(P256, "object=fleet").onceExtractable()).isTrue();
    reopen();
    assertThat(token.find("image")).map(TokenKey::onceExtractable).contains(true);
  }

  @Test
  void aKeyThatWasNeverOutsideIsNotMarked() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    assertThat(adopt(P256, "object=fleet").onceExtractable()).isFalse();
    reopen();
    assertThat(token.find("image")).map(TokenKey::onceExtractable).contains(false);
  }

  @Test
  void aKeyThatCanBeTakenOutAndNotBeChangedIsRefused() throws Exception {
    make(
        P256,
        foreign(P256, ID, "fleet")
            .with(Ck.CKA_SENSITIVE, false)
            .with(Ck.CKA_EXTRACTABLE, true)
            .with(0x170 /* CKA_MODIFIABLE */, false));
    refused(P256, "object=fleet").hasMessageContaining("can be taken out of the token");
  }

  @Test
  void aKeyIsAdoptedOnceAndUnderAFreeName() throws Exception {
    make(P256, foreign(P256, ID, "fleet"));
    make(P256, foreign(P256, new byte[] {2}, "second"));
    adopt(P256, "object=fleet");
    assertThatThrownBy(() -> adopt(P256, "object=second"))
        .isInstanceOf(NameTaken.class)
        .hasMessageContaining("'image'");
    assertThatThrownBy(
            () -> token.adopt(new KeySpec("again", P256, KeyPurpose.ROOT), "pkcs11:object=fleet"))
        .isInstanceOf(NameTaken.class)
        .hasMessageContaining("this key as 'image'");
  }
}
