package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Uploads over HTTP. */
@ServiceTest
class PayloadApiTests {
  private static final String BOUNDARY = "a-boundary";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private PayloadStore payloads;
  @Autowired private ServiceDirectories directories;

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;

  private final HttpClient client = HttpClient.newHttpClient();
  private String key = "";

  @BeforeEach
  void keyOfAPipeline() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    key = newKey();
  }

  private static String newKey() {
    String name = "k" + Long.toHexString(System.nanoTime());
    return admin
        .post("/api/v1/api-keys", "{'name':'" + name + "','roles':['pipeline'],'days':1}")
        .expect(201)
        .string("secret");
  }

  private HttpResponse<String> send(String method, String path, byte[] body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/payloads" + path))
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
            .header("Authorization", "Bearer " + key);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] fresh() {
    return ("file " + System.nanoTime()).repeat(10).getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] part(byte[] of, int from, int to) {
    return java.util.Arrays.copyOfRange(of, from, to);
  }

  private static String header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  private static void assertProblem(HttpResponse<String> response, int status, String code) {
    assertThat(response.body()).contains("urn:ota:problem:" + code);
    assertThat(response.statusCode()).isEqualTo(status);
  }

  @Test
  void anUploadTellsHowFarItIsAndGoesOnThere() throws Exception {
    byte[] file = fresh();
    String path = "/" + Digest.of(file);
    assertThat(send("HEAD", path, new byte[0]).statusCode()).isEqualTo(404);

    HttpResponse<String> first =
        send("PUT", path, part(file, 0, 10), "Content-Range", "bytes 0-9/" + file.length);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
    HttpResponse<String> asked = send("HEAD", path, new byte[0]);
    assertThat(asked.statusCode()).isEqualTo(200);
    assertThat(asked.body()).isEmpty();
    assertThat(header(asked, "Upload-Offset")).isEqualTo("10");
    assertThat(header(asked, "Upload-Length")).isEqualTo(Integer.toString(file.length));
    assertThat(header(asked, "Upload-Complete")).isEqualTo("?0");

    HttpResponse<String> rest =
        send(
            "PUT",
            path,
            part(file, 10, file.length),
            "Content-Range",
            "bytes 10-" + (file.length - 1) + "/" + file.length);
    assertThat(rest.statusCode()).isEqualTo(201);
    assertThat(rest.body()).contains("\"complete\":true").contains(Digest.of(file).hex());
    assertThat(header(send("HEAD", path, new byte[0]), "Upload-Complete")).isEqualTo("?1");
    assertThat(payloads.read(Digest.of(file))).isEqualTo(file);
  }

  @Test
  void aFileThatIsThereIsAnsweredAsIfItHadJustCome() {
    byte[] file = fresh();
    String path = "/" + Digest.of(file);
    HttpResponse<String> first = send("PUT", path, file);
    HttpResponse<String> second = send("PUT", path, file);
    assertThat(first.statusCode()).isEqualTo(201);
    assertThat(second.statusCode()).isEqualTo(201);
    assertThat(second.body()).isEqualTo(first.body());
  }

  @Test
  void anotherClientSeesAndTouchesNothingOfIt() {
    byte[] file = fresh();
    String path = "/" + Digest.of(file);
    send("PUT", path, part(file, 0, 10), "Content-Range", "bytes 0-9/" + file.length);
    key = newKey();
    assertThat(send("HEAD", path, new byte[0]).statusCode()).isEqualTo(404);
    assertProblem(send("DELETE", path, new byte[0]), 404, "not-found");
    assertProblem(
        send("PUT", path, part(file, 10, 20), "Content-Range", "bytes 10-19/" + file.length),
        409,
        "conflict");
  }

  @Test
  void anUploadThatIsDroppedBeginsAnew() {
    byte[] file = fresh();
    String path = "/" + Digest.of(file);
    send("PUT", path, part(file, 0, 10), "Content-Range", "bytes 0-9/" + file.length);
    assertThat(send("DELETE", path, new byte[0]).statusCode()).isEqualTo(204);
    assertThat(send("HEAD", path, new byte[0]).statusCode()).isEqualTo(404);
  }

  @Test
  void otherBytesThanTheDigestsAreRefused() {
    byte[] file = fresh();
    String path = "/" + Digest.of(fresh());
    assertProblem(send("PUT", path, file), 422, "digest-mismatch");
    assertThat(send("HEAD", path, new byte[0]).statusCode()).isEqualTo(404);
  }

  @Test
  void aNameThatIsNoDigestIsRefused() {
    assertProblem(send("PUT", "/ABCD", fresh()), 400, "bad-request");
  }

  /** Parts as a browser or curl sends them. */
  private static byte[] form(String... namesAndFiles) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int i = 0; i < namesAndFiles.length; i += 2) {
      body.write(
          ("--"
                  + BOUNDARY
                  + "\r\nContent-Disposition: form-data; name=\""
                  + namesAndFiles[i]
                  + "\"; filename=\"../../../etc/passwd\"\r\n"
                  + "Content-Type: application/octet-stream\r\n\r\n"
                  + namesAndFiles[i + 1]
                  + "\r\n")
              .getBytes(StandardCharsets.UTF_8));
    }
    body.write(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return body.toByteArray();
  }

  private HttpResponse<String> sendForm(byte[] form) {
    return send("POST", "", form, "Content-Type", "multipart/form-data; boundary=" + BOUNDARY);
  }

  @Test
  void severalFilesComeInOneCall() throws Exception {
    HttpResponse<String> answer = sendForm(form("app", "first file", "boot", "second\r\n-- file"));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    byte[] second = "second\r\n-- file".getBytes(StandardCharsets.UTF_8);
    assertThat(answer.body())
        .isEqualTo(
            "[{\"length\":10,\"name\":\"app\",\"sha256\":\""
                + Digest.of("first file".getBytes(StandardCharsets.UTF_8))
                + "\"},{\"length\":"
                + second.length
                + ",\"name\":\"boot\",\"sha256\":\""
                + Digest.of(second)
                + "\"}]");
    assertThat(payloads.read(Digest.of(second))).isEqualTo(second);
    try (Stream<java.nio.file.Path> all = Files.walk(directories.data())) {
      assertThat(all.map(file -> String.valueOf(file.getFileName())))
          .as("a file name of the client's is used nowhere")
          .noneMatch(name -> name.contains("passwd") || name.startsWith("upload_"));
    }
  }

  @Test
  void whatWasStoredBeforeAPartThatIsRefusedIsSaid() throws Exception {
    HttpResponse<String> answer = sendForm(form("app", "kept", "../x", "second"));
    assertProblem(answer, 400, "bad-request");
    assertThat(answer.body())
        .contains("part 2")
        .contains("\"stored\":[{")
        .contains(Digest.of("kept".getBytes(StandardCharsets.UTF_8)).hex());
  }

  @Test
  void twoPartsOfOneNameAreRefused() throws Exception {
    assertProblem(sendForm(form("app", "1", "app", "2")), 400, "bad-request");
  }

  @Test
  void moreFilesThanTheLimitAreRefused() throws Exception {
    String[] parts = new String[2 * (FormParts.MAX_PARTS + 1)];
    for (int i = 0; i < parts.length; i += 2) {
      parts[i] = "p" + i;
      parts[i + 1] = "x";
    }
    assertProblem(sendForm(form(parts)), 400, "bad-request");
  }

  @Test
  void aFormThatEndsEarlyIsRefused() throws Exception {
    byte[] form = form("app", "1", "boot", "2");
    for (int length : List.of(0, 5, 30, 100, form.length - 30)) {
      assertThat(sendForm(part(form, 0, length)).statusCode())
          .as("%s bytes", length)
          .isEqualTo(400);
    }
  }

  @Test
  void aHeaderWithoutEndIsRefused() throws Exception {
    HttpResponse<String> answer = sendForm(form("a".repeat(100_000), "1"));
    assertProblem(answer, 400, "bad-request");
  }

  @Test
  void anotherKindOfBodyIsNoForm() {
    assertProblem(
        send("POST", "", fresh(), "Content-Type", "application/octet-stream"),
        415,
        "unsupported-media-type");
    assertProblem(
        send("POST", "", fresh(), "Content-Type", "multipart/form-data"), 400, "bad-request");
  }
}
