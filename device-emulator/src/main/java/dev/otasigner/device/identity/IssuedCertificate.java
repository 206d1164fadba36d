package dev.otasigner.device.identity;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** A certificate chain as the service issues it: {@code {cert:PEM[], notAfter}}. */
public final class IssuedCertificate {
  public static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_CHAIN = 5;

  /** In PEM; a chain is kept in flash, and so are some that came before it. */
  private static final int MAX_CHAIN_CHARS = 16 * 1024;

  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private IssuedCertificate() {}

  /**
   * The chain, the device's certificate first.
   *
   * @param key the key it must be for
   * @throws IOException when the answer is no chain for this key: a server in trouble
   */
  public static List<X509Certificate> read(byte[] json, PublicKey key) throws IOException {
    List<X509Certificate> chain = new ArrayList<>();
    try {
      Fields fields = JsonReader.readObject(json, MAX_BYTES);
      List<String> pems = fields.strings("cert", MAX_CHAIN);
      if (pems.stream().mapToInt(String::length).sum() > MAX_CHAIN_CHARS) {
        throw new IOException("the service answered with a chain that is too long");
      }
      for (String pem : pems) {
        chain.addAll(certificates(pem));
      }
    } catch (RejectedException e) {
      throw new IOException("the service answered with no certificate: " + e.getMessage(), e);
    }
    if (chain.isEmpty() || !chain.get(0).getPublicKey().equals(key)) {
      throw new IOException("the service certified another key than the one asked for");
    }
    return chain;
  }

  /** The chain in PEM, one certificate after the other. */
  public static String pem(List<X509Certificate> chain) throws IOException {
    StringBuilder pem = new StringBuilder();
    for (X509Certificate certificate : chain) {
      try {
        pem.append("-----BEGIN CERTIFICATE-----\n")
            .append(LINES.encodeToString(certificate.getEncoded()))
            .append("\n-----END CERTIFICATE-----\n");
      } catch (CertificateEncodingException e) {
        throw new IOException("certificate without an encoding", e);
      }
    }
    return pem.toString();
  }

  /** Certificates one after the other, in PEM. */
  public static List<X509Certificate> certificates(String pem) throws IOException {
    try {
      List<X509Certificate> chain = new ArrayList<>();
      for (Object certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))) {
        chain.add((X509Certificate) certificate);
      }
      return chain;
    } catch (CertificateException e) {
      throw new IOException("not certificates in PEM", e);
    }
  }
}
