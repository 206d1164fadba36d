package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.BadKey;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1BMPString;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.AuthenticatedSafe;
import org.bouncycastle.asn1.pkcs.ContentInfo;
import org.bouncycastle.asn1.pkcs.EncryptedData;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.MacData;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.Pfx;
import org.bouncycastle.asn1.pkcs.SafeBag;
import org.bouncycastle.asn1.x509.DigestInfo;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.macs.HMac;

/** The private keys of a PKCS#12 file (RFC 7292), by the names they bear in it. */
final class Pkcs12File {
  private static final int MAX_BAGS = 200;

  /** A key bag: its name, and its content, which is opened only when it is the one wanted. */
  private record Entry(Optional<String> alias, ASN1ObjectIdentifier kind, ASN1Encodable value) {}

  private final Path file;
  private final PassphraseCipher cipher;
  private final List<Entry> entries = new ArrayList<>();
  private int bags;

  private Pkcs12File(Path file, PassphraseCipher cipher) {
    this.file = file;
    this.cipher = cipher;
  }

  /**
   * The PrivateKeyInfo of the only key, or of the one of this name.
   *
   * @throws BadKey when there is none, or several and no name
   */
  static byte[] key(Path file, ASN1Sequence der, Optional<String> alias, Passphrase passphrase)
      throws IOException {
    Pfx pfx = Pfx.getInstance(der);
    PassphraseCipher cipher = new PassphraseCipher(file, passphrase);
    Pkcs12File read = new Pkcs12File(file, cipher);
    if (!pfx.getAuthSafe().getContentType().equals(PKCSObjectIdentifiers.data)) {
      throw new BadKey(file + ": a PKCS#12 file under a public key is not read here");
    }
    byte[] safes = ASN1OctetString.getInstance(pfx.getAuthSafe().getContent()).getOctets();
    read.requireWhole(pfx.getMacData(), safes);
    for (ContentInfo safe : AuthenticatedSafe.getInstance(safes).getContentInfo()) {
      read.open(safe);
    }
    return read.content(read.chosen(alias));
  }

  private void requireWhole(MacData mac, byte[] safes) {
    if (mac == null) {
      return; // allowed by RFC 7292; a wrong passphrase then shows at the key itself
    }
    DigestInfo expected = mac.getMac();
    Digest digest = digest(expected.getAlgorithmId().getAlgorithm());
    HMac hmac = new HMac(digest);
    hmac.init(cipher.macKey(digest, mac.getSalt(), mac.getIterationCount()));
    hmac.update(safes, 0, safes.length);
    byte[] computed = new byte[hmac.getMacSize()];
    hmac.doFinal(computed, 0);
    if (!MessageDigest.isEqual(computed, expected.getDigest())) {
      throw PassphraseCipher.wrongPassphrase(file);
    }
  }

  private Digest digest(ASN1ObjectIdentifier oid) {
    if (oid.equals(OIWObjectIdentifiers.idSHA1)) {
      return new SHA1Digest();
    }
    if (oid.equals(NISTObjectIdentifiers.id_sha256)) {
      return new SHA256Digest();
    }
    if (oid.equals(NISTObjectIdentifiers.id_sha384)) {
      return new SHA384Digest();
    }
    if (oid.equals(NISTObjectIdentifiers.id_sha512)) {
      return new SHA512Digest();
    }
    throw new BadKey(file + ": its integrity is kept in a way that is not read here (" + oid + ")");
  }

  private void open(ContentInfo safe) throws IOException {
    byte[] contents;
    if (safe.getContentType().equals(PKCSObjectIdentifiers.data)) {
      contents = ASN1OctetString.getInstance(safe.getContent()).getOctets();
    } else if (safe.getContentType().equals(PKCSObjectIdentifiers.encryptedData)) {
      EncryptedData encrypted = EncryptedData.getInstance(safe.getContent());
      contents =
          cipher.decrypt(encrypted.getEncryptionAlgorithm(), encrypted.getContent().getOctets());
    } else {
      throw new BadKey(file + ": a PKCS#12 file under a public key is not read here");
    }
    for (ASN1Encodable item : ASN1Sequence.getInstance(contents)) {
      SafeBag bag = SafeBag.getInstance(item);
      if (++bags > MAX_BAGS) {
        throw new BadKey(file + ": over " + MAX_BAGS + " entries");
      }
      ASN1ObjectIdentifier kind = bag.getBagId();
      if (kind.equals(PKCSObjectIdentifiers.keyBag)
          || kind.equals(PKCSObjectIdentifiers.pkcs8ShroudedKeyBag)) {
        entries.add(new Entry(alias(bag), kind, bag.getBagValue()));
      } else if (kind.equals(PKCSObjectIdentifiers.safeContentsBag)) {
        throw new BadKey(file + ": entries within entries are not read here");
      }
    }
  }

  private static Optional<String> alias(SafeBag bag) {
    if (bag.getBagAttributes() == null) {
      return Optional.empty();
    }
    for (ASN1Encodable item : bag.getBagAttributes()) {
      Attribute attribute = Attribute.getInstance(item);
      if (attribute.getAttrType().equals(PKCSObjectIdentifiers.pkcs_9_at_friendlyName)
          && attribute.getAttrValues().size() == 1) {
        return Optional.of(
            ASN1BMPString.getInstance(attribute.getAttrValues().getObjectAt(0)).getString());
      }
    }
    return Optional.empty();
  }

  private Entry chosen(Optional<String> alias) {
    if (entries.isEmpty()) {
      throw new BadKey(file + ": a PKCS#12 file without a private key");
    }
    List<Entry> fitting =
        entries.stream().filter(e -> alias.isEmpty() || e.alias().equals(alias)).toList();
    if (fitting.isEmpty()) {
      throw new BadKey(
          file + ": no private key named '" + alias.orElse("") + "'; it holds " + names());
    }
    if (fitting.size() > 1) {
      throw new BadKey(
          file + ": holds " + fitting.size() + " private keys (" + names() + "); name one of them");
    }
    return fitting.get(0);
  }

  private String names() {
    return entries.stream()
        .map(entry -> entry.alias().map(name -> "'" + name + "'").orElse("one without a name"))
        .collect(Collectors.joining(", "));
  }

  private byte[] content(Entry entry) throws IOException {
    if (entry.kind().equals(PKCSObjectIdentifiers.keyBag)) {
      return entry.value().toASN1Primitive().getEncoded(ASN1Encoding.DER);
    }
    EncryptedPrivateKeyInfo sealed = EncryptedPrivateKeyInfo.getInstance(entry.value());
    return cipher.decrypt(sealed.getEncryptionAlgorithm(), sealed.getEncryptedData());
  }
}
