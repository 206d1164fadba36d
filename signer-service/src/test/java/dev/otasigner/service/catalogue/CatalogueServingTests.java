package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.head;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;

/** How the catalogue's files are answered: conditions, parts and encodings. */
class CatalogueServingTests {
  private static final String BASE = "/catalogue/pump/main/";
  private static final String SNAPSHOT = BASE + "metadata/1.snapshot.json";
  private static final String TIMESTAMP = BASE + "metadata/timestamp.json";
  private static final byte[] DOCUMENT =
      "{\"signed\":1}".repeat(50).getBytes(StandardCharsets.UTF_8);
  private static final byte[] IMAGE = "0123456789".repeat(100).getBytes(StandardCharsets.UTF_8);
  private static final WantedFile HEAD = WantedFile.of("stable/gw/head.json", DOCUMENT);

  @TempDir Path directory;
  private MockMvc mvc;
  private String image;
  private String headFile;

  @BeforeEach
  void publish() throws Exception {
    CatalogueStorages storages =
        new CatalogueStorages(new ServiceDirectories(directory), milestone -> {});
    mvc = MockMvcBuilders.standaloneSetup(new CatalogueController(storages)).build();
    Path payload = Files.write(directory.resolve("payload"), IMAGE);
    WantedFile file =
        WantedFile.of(
            dev.otasigner.verifier.tuf.TargetFile.of("stable/gw/1.0.0.img", IMAGE), payload);
    image = BASE + RepositoryFiles.nameOf(file.target());
    headFile = BASE + RepositoryFiles.nameOf(HEAD.target());
    RepositoryFiles files = new RepositoryFiles(storages.of(new LineageKey("pump", "main")));
    try (RepositoryWriter writer = files.acquire()) {
      writer.writeVersioned(1, "snapshot", DOCUMENT);
      writer.addTarget(file);
      writer.addTarget(HEAD);
      writer.replaceTimestamp(Optional.empty(), DOCUMENT);
    }
  }

  private MockHttpServletResponse ask(MockHttpServletRequestBuilder request, String... headers)
      throws Exception {
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return mvc.perform(request).andReturn().getResponse();
  }

  private static byte[] unpacked(MockHttpServletResponse response) throws Exception {
    try (var in = new GZIPInputStream(new ByteArrayInputStream(response.getContentAsByteArray()))) {
      return in.readAllBytes();
    }
  }

  private static String etag(MockHttpServletResponse response) {
    return String.valueOf(response.getHeader("ETag"));
  }

  private static String tag(byte[] bytes) {
    return '"' + Digest.of(bytes).hex() + '"';
  }

  @Test
  void timestampIsKeptShortlyAndPackedAsItIsRead() throws Exception {
    MockHttpServletResponse answer = ask(get(TIMESTAMP), "Accept-Encoding", "gzip");
    assertThat(answer.getHeader("Cache-Control")).isEqualTo("max-age=60, public");
    assertThat(answer.getHeader("Content-Encoding")).isEqualTo("gzip");
    assertThat(answer.getHeader("Vary")).isEqualTo("Accept-Encoding");
    assertThat(unpacked(answer)).isEqualTo(DOCUMENT);
    assertThat(ask(get(TIMESTAMP)).getContentAsByteArray()).isEqualTo(DOCUMENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br, gzip;q=0.5", "GZIP", "*", "deflate,gzip; q=1"})
  void versionedMetadataComesPackedToWhoeverTakesIt(String accepted) throws Exception {
    MockHttpServletResponse answer = ask(get(SNAPSHOT), "Accept-Encoding", accepted);
    assertThat(answer.getHeader("Content-Encoding")).isEqualTo("gzip");
    assertThat(answer.getHeader("Vary")).isEqualTo("Accept-Encoding");
    assertThat(answer.getHeader("Cache-Control")).isEqualTo("max-age=31536000, public, immutable");
    assertThat(unpacked(answer)).isEqualTo(DOCUMENT);
    assertThat(answer.getContentLength()).isLessThan(DOCUMENT.length / 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip;q=0", "gzip; q=0.000", "br", "identity", "gzipped", ""})
  void versionedMetadataComesPlainToWhoeverDoesNot(String accepted) throws Exception {
    MockHttpServletResponse answer = ask(get(SNAPSHOT), "Accept-Encoding", accepted);
    assertThat(answer.getHeader("Content-Encoding")).isNull();
    assertThat(answer.getHeader("Vary")).isEqualTo("Accept-Encoding");
    assertThat(answer.getContentAsByteArray()).isEqualTo(DOCUMENT);
  }

  @Test
  void eachEncodingHasATagOfItsOwnAndIsNotSentTwice() throws Exception {
    String plain = etag(ask(get(SNAPSHOT)));
    String packed = etag(ask(get(SNAPSHOT), "Accept-Encoding", "gzip"));
    assertThat(plain).isEqualTo(tag(DOCUMENT));
    assertThat(packed).isNotEqualTo(plain);
    assertThat(ask(get(SNAPSHOT), "If-None-Match", plain).getStatus()).isEqualTo(304);
    assertThat(ask(get(SNAPSHOT), "If-None-Match", packed).getStatus()).isEqualTo(200);
    MockHttpServletResponse again =
        ask(get(SNAPSHOT), "Accept-Encoding", "gzip", "If-None-Match", packed);
    assertThat(again.getStatus()).isEqualTo(304);
    assertThat(again.getContentAsByteArray()).isEmpty();
  }

  @Test
  void documentAmongTheTargetsComesPackedAndAnImageNever() throws Exception {
    MockHttpServletResponse document = ask(get(headFile), "Accept-Encoding", "gzip");
    assertThat(document.getHeader("Content-Encoding")).isEqualTo("gzip");
    assertThat(unpacked(document)).isEqualTo(DOCUMENT);
    MockHttpServletResponse file = ask(get(image), "Accept-Encoding", "gzip");
    assertThat(file.getHeader("Content-Encoding")).isNull();
    assertThat(file.getHeader("ETag")).isEqualTo(tag(IMAGE));
    assertThat(file.getContentAsByteArray()).isEqualTo(IMAGE);
  }

  @Test
  void packedTwinIsNoFileOfItsOwn() {
    assertThatThrownBy(() -> ask(get(headFile + ".gz"))).hasCauseInstanceOf(SignerException.class);
    assertThatThrownBy(() -> ask(get(SNAPSHOT + ".gz"))).hasCauseInstanceOf(SignerException.class);
  }

  @Test
  void partIsCutOutAndOneThatIsNotThereIsRefused() throws Exception {
    MockHttpServletResponse part = ask(get(image), "Range", "bytes=990-");
    assertThat(part.getStatus()).isEqualTo(206);
    assertThat(part.getHeader("Content-Range")).isEqualTo("bytes 990-999/1000");
    assertThat(part.getContentAsString()).isEqualTo("0123456789");
    MockHttpServletResponse outside = ask(get(image), "Range", "bytes=1000-");
    assertThat(outside.getStatus()).isEqualTo(416);
    assertThat(outside.getHeader("Content-Range")).isEqualTo("bytes */1000");
  }

  @Test
  void partOfAnotherFileThanTheClientHasIsAllOfThisOne() throws Exception {
    MockHttpServletResponse same = ask(get(image), "Range", "bytes=990-", "If-Range", tag(IMAGE));
    assertThat(same.getStatus()).isEqualTo(206);
    MockHttpServletResponse other =
        ask(get(image), "Range", "bytes=990-", "If-Range", tag(DOCUMENT));
    assertThat(other.getStatus()).isEqualTo(200);
    assertThat(other.getContentLength()).isEqualTo(1000);
    assertThat(other.getContentAsByteArray()).isEqualTo(IMAGE);
  }

  @Test
  void partIsOneOfThePlainFile() throws Exception {
    MockHttpServletResponse part =
        ask(get(SNAPSHOT), "Range", "bytes=0-4", "Accept-Encoding", "gzip");
    assertThat(part.getStatus()).isEqualTo(206);
    assertThat(part.getHeader("Content-Encoding")).isNull();
    assertThat(part.getContentAsByteArray()).isEqualTo(java.util.Arrays.copyOf(DOCUMENT, 5));
  }

  @Test
  void headSaysWhatGetWouldSay() throws Exception {
    MockHttpServletResponse answer = ask(head(image));
    assertThat(answer.getStatus()).isEqualTo(200);
    assertThat(answer.getHeader("ETag")).isEqualTo(tag(IMAGE));
    assertThat(answer.getHeader("Content-Length")).isEqualTo("1000");
  }

  @Test
  void whatPackingDoesNotShortenHasNoTwin() {
    assertThat(Packed.of("{}".getBytes(StandardCharsets.UTF_8))).isEmpty();
    assertThat(Packed.of(DOCUMENT)).isPresent();
  }
}
