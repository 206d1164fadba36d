package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.openapi.Conformance;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Talks to a service's management port as a person would. */
public final class Admin {
  private static final int MAX_BYTES = 16 * 1024 * 1024;
  private static final Pattern PASSWORD =
      Pattern.compile("signer: administrator password \\(shown once\\): (\\S+)");

  private final HttpClient client;
  private final String base;
  private final String token;

  private Admin(HttpClient client, String base, String token) {
    this.client = client;
    this.base = base;
    this.token = token;
  }

  /** A console that remembers what was printed. */
  public static final class Printed {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public Console console() {
      return new Console(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    }

    public String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }

    public String password() {
      Matcher line = PASSWORD.matcher(text());
      assertThat(line.find()).as(text()).isTrue();
      return line.group(1);
    }
  }

  /** An answer. */
  public record Answer(int status, Bytes body, List<String> retryAfter) {
    public Answer(int status, Bytes body) {
      this(status, body, List.of());
    }

    public Fields json() {
      try {
        return JsonReader.readObject(body.toByteArray(), MAX_BYTES);
      } catch (RejectedException e) {
        throw new AssertionError(text(), e);
      }
    }

    public String text() {
      return new String(body.toByteArray(), StandardCharsets.UTF_8);
    }

    /** The string under this name. */
    public String string(String name) {
      try {
        return json().string(name);
      } catch (RejectedException e) {
        throw new AssertionError(text(), e);
      }
    }

    /** The strings under this name, of an array of objects. */
    public List<String> texts(String name) {
      Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(text());
      return found.results().map(result -> result.group(1)).toList();
    }

    public Answer expect(int wanted) {
      assertThat(status).as(text()).isEqualTo(wanted);
      return this;
    }

    public Answer expectProblem(int wanted, String code) {
      expect(wanted);
      assertThat(string("type")).as(text()).isEqualTo("urn:ota:problem:" + code);
      return this;
    }

    @Override
    public String toString() {
      return status + " " + text();
    }
  }

  /** Nobody in particular. */
  public static Admin anonymous(int port) {
    return over(HttpClient.newHttpClient(), "http://127.0.0.1:" + port);
  }

  /** The same by way of this client, as one that trusts a certificate. */
  public static Admin over(HttpClient client, String base) {
    return new Admin(client, base, "");
  }

  /** The first administrator, who makes a user with every role and goes on as that user. */
  public static Admin withEveryRole(int port, String adminPassword) {
    Admin admin = anonymous(port).signInAnew("admin", adminPassword);
    String name = "u" + Long.toHexString(System.nanoTime());
    String password =
        admin
            .post(
                "/api/v1/users",
                "{'name':'"
                    + name
                    + "','roles':['administrator','release-engineer','key-custodian','auditor',"
                    + "'approver','pipeline']}")
            .expect(201)
            .string("oneTimePassword");
    return anonymous(port).signInAnew(name, password);
  }

  /** A user of this name with roles like {@code approver,pipeline@cam}, signed in. */
  public Admin newUser(int port, String name, String roles) {
    String oneTime =
        post(
                "/api/v1/users",
                "{'name':'" + name + "','roles':['" + roles.replace(",", "','") + "']}")
            .expect(201)
            .string("oneTimePassword");
    return anonymous(port).signInAnew(name, oneTime);
  }

  /** Signs in with a one-time password that is changed at once, or with what it was changed to. */
  public Admin signInAnew(String user, String oneTime) {
    String own = user + ", known to nobody else";
    String credentials = "{'user':'" + user + "','password':'" + own + "'}";
    if (post("/api/v1/sessions", credentials).status() != 201) {
      signIn(user, oneTime)
          .put(
              "/api/v1/users/" + user + "/password",
              "{'current':'" + oneTime + "','password':'" + own + "'}")
          .expect(204);
    }
    return signIn(user, own);
  }

  public Admin signIn(String user, String password) {
    return new Admin(
        client,
        base,
        post("/api/v1/sessions", "{'user':'" + user + "','password':'" + password + "'}")
            .expect(201)
            .string("token"));
  }

  public Admin withToken(String other) {
    return new Admin(client, base, other);
  }

  public String token() {
    return token;
  }

  public Answer get(String path) {
    return send("GET", path, new byte[0]);
  }

  public Answer delete(String path) {
    return send("DELETE", path, new byte[0]);
  }

  /** JSON with single quotes in place of double ones. */
  public Answer post(String path, String json) {
    return send("POST", path, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  public Answer put(String path, String json) {
    return send("PUT", path, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  public Answer post(String path, Json json) {
    return send("POST", path, json.textBytes());
  }

  /** Uploads bytes as they are. */
  public Answer upload(String path, byte[] bytes) {
    return send("PUT", path, bytes, "application/octet-stream");
  }

  /** Sends a text of this kind. */
  public Answer post(String path, String text, String contentType) {
    return send("POST", path, text.getBytes(StandardCharsets.UTF_8), contentType);
  }

  private Answer send(String method, String path, byte[] body) {
    return send(method, path, body, "application/json");
  }

  private Answer send(String method, String path, byte[] body, String contentType) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
            .header("Content-Type", contentType);
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    try {
      HttpResponse<byte[]> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      Conformance.check(
          method,
          request.build().uri().getPath(),
          response.statusCode(),
          response.headers().firstValue("Content-Type").orElse(""),
          response.body());
      return new Answer(
          response.statusCode(),
          Bytes.copyOf(response.body()),
          response.headers().allValues("Retry-After"));
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
