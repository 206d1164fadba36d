package dev.otasigner.cli;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/**
 * The service's administration API. {@link HttpURLConnection} rather than {@code java.net.http}:
 * the latter's selector thread and its classes cost every command a tenth of a second.
 */
public final class ServiceClient {
  static final String DEFAULT_SERVICE = "http://127.0.0.1:8080";
  private static final int MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
  private static final int MAX_BUFFERED_BYTES = 64 * 1024;
  private static final int CONNECT_MILLIS = 5_000;
  private static final int READ_MILLIS = 120_000;

  private final Terminal terminal;
  private final Signer options;

  ServiceClient(Terminal terminal, Signer options) {
    this.terminal = terminal;
    this.options = options;
  }

  /** The path with each piece escaped: {@code path("products", name, "builds")}. */
  public static String path(String... pieces) {
    StringBuilder path = new StringBuilder("/api/v1");
    for (String piece : pieces) {
      path.append('/').append(escape(piece));
    }
    return path.toString();
  }

  /** One value of a query. */
  public static String escape(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  public Json get(String path) {
    return document(exchange("GET", path, null, credential()));
  }

  /** All items of a list that is answered in pages. */
  public Json.Arr list(String path) {
    List<Json> all = new ArrayList<>();
    String query = "";
    for (Set<String> seen = new HashSet<>(); seen.add(query); ) {
      Json page = get(path + query);
      all.addAll(Report.items(page));
      if (!(page instanceof Json.Obj object)
          || !(object.members().get("next") instanceof Json.Str next)) {
        return new Json.Arr(all);
      }
      query = "?from=" + escape(next.value());
    }
    throw CommandFailedException.of(
        ExitCode.UNREACHABLE, service() + " does not answer as the service: pages without end");
  }

  public Json post(String path, Json body) {
    return document(exchange("POST", path, Content.of(body), credential()));
  }

  public Json put(String path, Json body) {
    return document(exchange("PUT", path, Content.of(body), credential()));
  }

  public void delete(String path) {
    exchange("DELETE", path, null, credential());
  }

  /** As {@link #delete}, where the answer says what became of it. */
  public Json remove(String path) {
    return document(exchange("DELETE", path, null, credential()));
  }

  /** Sends a file as it lies on disk, streamed; over a lost connection too. */
  public Digest upload(Path file, String product) throws IOException {
    // Trouble with it must not look like trouble with the service.
    ByteSource.of(file).open().close();
    return new Upload(this, new Report(terminal, options)::note).send(file, product);
  }

  /**
   * Sends what is read to its end, of whatever length, and never keeps all of it.
   *
   * @param contentType the kind of body
   */
  public Json send(String path, InputStream body, String contentType) {
    return document(exchange("POST", path, Content.of(body, contentType), credential()));
  }

  /** Sends the bytes of a file that the service lacks. */
  Json putPiece(String path, Path file, long from, long lengthBytes) {
    Progress progress = new Progress(terminal, options, file, lengthBytes);
    return document(
        exchange("PUT", path, Content.of(file, from, lengthBytes, progress), credential()));
  }

  /** What is there, if it is. */
  Optional<Json> find(String path) {
    HttpURLConnection connection = open("GET", path, null, credential());
    try {
      if (connection.getResponseCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return Optional.empty();
      }
      try (InputStream in = answer(connection)) {
        return Optional.of(document(bounded(in)));
      }
    } catch (IOException e) {
      throw unreachable(e);
    } finally {
      connection.disconnect();
    }
  }

  /** The one call made without a credential: signing in. */
  public Json signIn(Json body) {
    return document(exchange("POST", path("sessions"), Content.of(body), null));
  }

  /** A document that is not JSON of ours to look into: bytes as the service keeps them. */
  public byte[] bytes(String path) {
    return exchange("GET", path, null, credential());
  }

  /** Streams an answer to a file; nothing half-written stays behind. */
  public void download(String path, Path file) throws IOException {
    HttpURLConnection connection = open("GET", path, null, credential());
    try (InputStream in = answer(connection)) {
      NewFile.write(file, in::transferTo);
    } finally {
      connection.disconnect();
    }
  }

  /** What is done with an answer while it comes in. */
  public interface Reader {
    void read(InputStream in) throws IOException;
  }

  /** Streams an answer, of whatever length, to whoever reads it. */
  public void read(String path, Reader reader) throws IOException {
    HttpURLConnection connection = open("GET", path, null, credential());
    try (InputStream in = reachable(connection)) {
      reader.read(in);
    } finally {
      connection.disconnect();
    }
  }

  private InputStream reachable(HttpURLConnection connection) {
    try {
      return answer(connection);
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private byte[] exchange(
      String method, String path, @Nullable Content content, @Nullable String credential) {
    HttpURLConnection connection = open(method, path, content, credential);
    try (InputStream in = answer(connection)) {
      return bounded(in);
    } catch (IOException e) {
      throw unreachable(e);
    } finally {
      connection.disconnect();
    }
  }

  private HttpURLConnection open(
      String method, String path, @Nullable Content content, @Nullable String credential) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(service() + path).toURL().openConnection();
      Path authorities = authorities();
      if (authorities != null && connection instanceof HttpsURLConnection https) {
        https.setSSLSocketFactory(ServiceTrust.of(terminal, authorities));
      }
      connection.setConnectTimeout(CONNECT_MILLIS);
      connection.setReadTimeout(READ_MILLIS);
      connection.setInstanceFollowRedirects(false); // a redirect would carry the credential away
      connection.setRequestMethod(method);
      connection.setRequestProperty("Accept", "application/json, application/problem+json, */*");
      if (credential != null) {
        connection.setRequestProperty("Authorization", "Bearer " + credential);
      }
      if (content != null) {
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", content.type());
        String range = content.range();
        if (range != null) {
          connection.setRequestProperty("Content-Range", range);
        }
        if (content.lengthBytes() == Content.UNKNOWN) {
          connection.setChunkedStreamingMode(MAX_BUFFERED_BYTES);
        } else if (content.lengthBytes() > MAX_BUFFERED_BYTES) {
          // Not for short ones: when it streams, the JDK drops the body of a 401.
          connection.setFixedLengthStreamingMode(content.lengthBytes());
        }
        try (OutputStream out = connection.getOutputStream()) {
          content.writeTo(out);
        } catch (IOException e) {
          // A service that refuses early answers and closes: that answer says more than our broken
          // pipe, so it is looked for first.
          if (!hasAnswer(connection)) {
            throw e;
          }
        }
      }
      return connection;
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  private @Nullable Path authorities() {
    Path file = options.caFile();
    String named = terminal.environment("SIGNER_CA_FILE");
    Path chosen = file == null && named != null ? Path.of(named) : file;
    return chosen == null ? null : terminal.directory().resolve(chosen);
  }

  private static boolean hasAnswer(HttpURLConnection connection) {
    try {
      return connection.getResponseCode() > 0;
    } catch (IOException e) {
      return false;
    }
  }

  private InputStream answer(HttpURLConnection connection) throws IOException {
    int status = connection.getResponseCode();
    if (status / 100 == 2) {
      return connection.getInputStream();
    }
    InputStream error = connection.getErrorStream();
    throw Problem.of(status, error == null ? new byte[0] : bounded(error));
  }

  private byte[] bounded(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(MAX_DOCUMENT_BYTES + 1);
    if (bytes.length > MAX_DOCUMENT_BYTES) {
      throw CommandFailedException.of(
          ExitCode.REFUSED, "the service's answer is over " + MAX_DOCUMENT_BYTES + " bytes");
    }
    return bytes;
  }

  private Json document(byte[] bytes) {
    if (bytes.length == 0) {
      return Json.object().build();
    }
    try {
      return JsonReader.read(bytes, MAX_DOCUMENT_BYTES);
    } catch (RejectedException e) {
      throw CommandFailedException.of(
              ExitCode.UNREACHABLE,
              service() + " does not answer as the service: " + e.getMessage())
          .hint("is another program listening there?")
          .because(e);
    }
  }

  private CommandFailedException unreachable(IOException e) {
    if (e.getCause() instanceof CertificateException why) {
      return untrusted(why).because(e);
    }
    return CommandFailedException.of(
            ExitCode.UNREACHABLE, "cannot reach the service at " + service() + ": " + words(e))
        .hint("is it running? start it with: signer serve")
        .because(e);
  }

  /** Something answers there, and does not show that it is the service. */
  private CommandFailedException untrusted(CertificateException why) {
    boolean strange = false;
    for (Throwable t = why; t != null; t = t.getCause()) {
      strange |= t instanceof CertPathBuilderException;
    }
    Path authorities = authorities();
    String reason =
        !strange
            ? why.getMessage()
            : authorities == null
                ? "it is of no authority that this Java trusts"
                : "it is of no authority in " + terminal.show(authorities);
    return CommandFailedException.of(
            ExitCode.UNREACHABLE, "the certificate of " + service() + " is not trusted: " + reason)
        .hint("name the service's own authority with --ca-file");
  }

  private static String words(IOException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /** Where the service is, without a slash at the end. */
  public String service() {
    String service = options.service();
    if (service == null) {
      service = terminal.environment("SIGNER_SERVICE");
    }
    if (service == null) {
      service = session().map(SessionFile.Session::service).orElse(DEFAULT_SERVICE);
    }
    return requireSafe(service);
  }

  /** Credentials go over plain HTTP to this machine only. */
  private static String requireSafe(String service) {
    try {
      URI uri = new URI(service);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      String host = uri.getHost();
      if (host == null || !(scheme.equals("http") || scheme.equals("https"))) {
        throw new URISyntaxException(service, "an http or https address is expected");
      }
      boolean here = host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
      if (scheme.equals("http") && !here) {
        throw CommandFailedException.usage(
                "refusing to send credentials over plain HTTP to " + host)
            .hint("use https, or a tunnel to the service's loopback address");
      }
      return service.endsWith("/") ? service.substring(0, service.length() - 1) : service;
    } catch (URISyntaxException e) {
      throw CommandFailedException.usage("not the address of a service: " + service).because(e);
    }
  }

  private Optional<SessionFile.Session> session() {
    return SessionFile.of(terminal).read();
  }

  private String credential() {
    Path keyFile = options.apiKeyFile();
    if (keyFile != null) {
      return SecretFile.read(terminal, keyFile);
    }
    String key = terminal.environment("SIGNER_API_KEY");
    if (key != null) {
      return key;
    }
    String service = service();
    return session()
        .filter(s -> s.service().equals(service))
        .map(SessionFile.Session::token)
        .orElseThrow(
            () ->
                CommandFailedException.of(ExitCode.NOT_ALLOWED, "not signed in at " + service)
                    .hint("sign in with: signer login"));
  }

  /** A request body. */
  private interface Content {
    long UNKNOWN = -1;

    String type();

    /** Or {@link #UNKNOWN}, for what is sent in chunks. */
    long lengthBytes() throws IOException;

    void writeTo(OutputStream out) throws IOException;

    /** Which bytes of a file these are. */
    default @Nullable String range() {
      return null;
    }

    static Content of(Json json) {
      byte[] bytes = JsonText.of(json).getBytes(StandardCharsets.UTF_8);
      return new Content() {
        @Override
        public String type() {
          return "application/json";
        }

        @Override
        public long lengthBytes() {
          return bytes.length;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
          out.write(bytes);
        }
      };
    }

    static Content of(InputStream body, String type) {
      return new Content() {
        @Override
        public String type() {
          return type;
        }

        @Override
        public long lengthBytes() {
          return UNKNOWN;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
          body.transferTo(out);
        }
      };
    }

    static Content of(Path file, long from, long fileBytes, Progress progress) {
      return new Content() {
        @Override
        public String type() {
          return "application/octet-stream";
        }

        @Override
        public long lengthBytes() {
          return fileBytes - from;
        }

        @Override
        public @Nullable String range() {
          return fileBytes == 0 ? null : "bytes " + from + "-" + (fileBytes - 1) + "/" + fileBytes;
        }

        @Override
        public void writeTo(OutputStream out) throws IOException {
          byte[] buffer = new byte[MAX_BUFFERED_BYTES];
          try (InputStream in = Files.newInputStream(file)) {
            in.skipNBytes(from);
            for (long left = lengthBytes(); left > 0; ) {
              int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
              if (n < 0) {
                throw CommandFailedException.of(
                    ExitCode.REFUSED, file + " got shorter while it was sent");
              }
              out.write(buffer, 0, n);
              left -= n;
              progress.at(fileBytes - left);
            }
          }
        }
      };
    }
  }
}
