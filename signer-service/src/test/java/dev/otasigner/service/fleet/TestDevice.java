package dev.otasigner.service.fleet;

import dev.otasigner.service.Admin.Answer;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLParameters;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A device's transport over real TLS sockets: keys, certificate, protocols and suites of its own.
 */
public final class TestDevice {
  private static final char[] PASSWORD = "memory only".toCharArray();
  private static final int TIMEOUT_MILLIS = 20_000;

  private final KeyPair pair;
  private final ClientKeyType type;
  private List<X509Certificate> chain = List.of();
  private String @Nullable [] versions;
  private String @Nullable [] suites;
  private String @Nullable [] groups;
  private @Nullable SSLContext kept;
  private final AtomicInteger shown = new AtomicInteger();

  public TestDevice(ClientKeyType type) {
    this.type = type;
    try {
      KeyPairGenerator generator =
          KeyPairGenerator.getInstance(type == ClientKeyType.RSA_2048 ? "RSA" : "EC");
      switch (type) {
        case RSA_2048 -> generator.initialize(2048);
        case P_256 -> generator.initialize(new ECGenParameterSpec("secp256r1"));
        case P_384 -> generator.initialize(new ECGenParameterSpec("secp384r1"));
      }
      pair = generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Speaks only these. */
  public TestDevice speaking(String version, String suite) {
    versions = new String[] {version};
    suites = new String[] {suite};
    return this;
  }

  /** Speaks TLS by Bouncy Castle from now on, and only these groups. */
  public TestDevice agreeingOn(String... wanted) {
    groups = wanted;
    return this;
  }

  /** Resumes its sessions from now on, with the certificate it has. */
  public TestDevice resuming() {
    kept = context();
    return this;
  }

  /** How often it has shown its certificate, which a session that is resumed does not. */
  public int timesShown() {
    return shown.get();
  }

  public String csr() {
    return csr("anything");
  }

  String csr(String name) {
    try {
      byte[] der =
          new JcaPKCS10CertificationRequestBuilder(
                  new X500Principal("CN=" + name), pair.getPublic())
              .build(
                  new JcaContentSignerBuilder(
                          type == ClientKeyType.RSA_2048
                              ? "SHA256withRSA"
                              : type == ClientKeyType.P_256 ? "SHA256withECDSA" : "SHA384withECDSA")
                      .build(pair.getPrivate()))
              .getEncoded();
      return pem("CERTIFICATE REQUEST", der);
    } catch (IOException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
  }

  static String pem(String type, byte[] der) {
    return "-----BEGIN "
        + type
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + type
        + "-----\n";
  }

  Digest spki() {
    return Digest.of(pair.getPublic().getEncoded());
  }

  KeyPair pair() {
    return pair;
  }

  public List<X509Certificate> chain() {
    return chain;
  }

  /** Takes the certificates of an answer to enrolment or renewal. */
  public void install(Answer answer) {
    try {
      List<X509Certificate> certificates = new ArrayList<>();
      for (String pem : answer.json().strings("cert", 4)) {
        certificates.add(certificate(pem.getBytes(StandardCharsets.US_ASCII)));
      }
      chain = certificates;
    } catch (RejectedException e) {
      throw new AssertionError(answer.text(), e);
    }
  }

  void install(List<X509Certificate> certificates) {
    chain = certificates;
  }

  static X509Certificate certificate(byte[] encoded) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(encoded));
    } catch (CertificateException e) {
      throw new AssertionError(e);
    }
  }

  public Answer post(int port, String path, Json body) throws IOException {
    return exchange(port, "POST", path, body.textBytes());
  }

  public Answer get(int port, String path) throws IOException {
    return exchange(port, "GET", path, new byte[0]);
  }

  /** The server's chain as it was last shown. */
  private List<X509Certificate> server = List.of();

  public List<X509Certificate> server() {
    return server;
  }

  /** One request on a connection of its own. */
  private Answer exchange(int port, String method, String path, byte[] body) throws IOException {
    try (Socket plain = new Socket()) {
      plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
      plain.setSoTimeout(TIMEOUT_MILLIS);
      try (SSLSocket socket =
          (SSLSocket)
              (kept == null ? context() : kept)
                  .getSocketFactory()
                  .createSocket(plain, "localhost", port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        if (versions != null) {
          parameters.setProtocols(versions);
        }
        if (suites != null) {
          parameters.setCipherSuites(suites);
        }
        socket.setSSLParameters(parameters);
        if (socket instanceof BCSSLSocket bouncy) {
          BCSSLParameters more = bouncy.getParameters();
          more.setNamedGroups(groups);
          bouncy.setParameters(more);
        }
        socket.startHandshake();
        List<X509Certificate> shown = new ArrayList<>();
        for (Certificate certificate : socket.getSession().getPeerCertificates()) {
          shown.add((X509Certificate) certificate);
        }
        server = shown;
        OutputStream out = socket.getOutputStream();
        out.write(
            (method
                    + " "
                    + path
                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: "
                    + body.length
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        return answer(socket.getInputStream());
      }
    }
  }

  private static Answer answer(InputStream in) throws IOException {
    byte[] all = in.readAllBytes();
    String text = new String(all, StandardCharsets.ISO_8859_1);
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      throw new IOException("no answer: " + text);
    }
    if (text.substring(0, end).toLowerCase(java.util.Locale.ROOT).contains("chunked")) {
      throw new IOException("chunked answers are not read here");
    }
    return new Answer(
        Integer.parseInt(text.substring(9, 12)), Bytes.copyOf(all, end + 4, all.length));
  }

  private SSLContext context() {
    try {
      Provider tls =
          groups == null
              ? Security.getProvider("SunJSSE")
              : new BouncyCastleJsseProvider(new BouncyCastleProvider());
      SSLContext context = SSLContext.getInstance("TLS", tls);
      KeyStore store = KeyStore.getInstance("PKCS12");
      try {
        store.load(null, PASSWORD);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      if (!chain.isEmpty()) {
        store.setKeyEntry(
            "device", pair.getPrivate(), PASSWORD, chain.toArray(X509Certificate[]::new));
      }
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX", tls);
      keys.init(store, PASSWORD);
      KeyManager[] managers = keys.getKeyManagers();
      if (groups == null) {
        managers[0] = new Counting((X509ExtendedKeyManager) managers[0], shown);
      }
      context.init(managers, new TrustManager[] {new Anything()}, new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** The server's certificate is looked at by the tests themselves. */
  private static final class Anything implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
      throw new AssertionError();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
      // Looked at by the tests.
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** Counts how often the certificate is chosen. */
  private static final class Counting extends X509ExtendedKeyManager {
    private final X509ExtendedKeyManager manager;
    private final AtomicInteger shown;

    Counting(X509ExtendedKeyManager manager, AtomicInteger shown) {
      this.manager = manager;
      this.shown = shown;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] types, Principal @Nullable [] issuers, Socket socket) {
      shown.incrementAndGet();
      return manager.chooseClientAlias(types, issuers, socket);
    }

    @Override
    public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
      return manager.getClientAliases(type, issuers);
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, Socket socket) {
      return null;
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(String alias) {
      return manager.getCertificateChain(alias);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(String alias) {
      return manager.getPrivateKey(alias);
    }
  }
}
