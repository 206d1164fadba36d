package dev.otasigner.service.catalogue;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.springframework.core.io.InputStreamResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/**
 * A file as it is answered: conditions, ranges and encodings of RFC 9110. Ranges are cut by the
 * framework; what it does not know is that {@code If-Range} may take them back.
 *
 * @param tag names these bytes and no others
 */
record ServedFile(MediaType type, CacheControl caching, String tag, Resource content) {
  private static final String GZIP = "gzip";

  /** Without any other encoding. */
  ResponseEntity<Resource> plain(HttpHeaders asked) throws IOException {
    return answer(asked, Optional.empty());
  }

  /** Packed where the client takes that and asks for no part, else plain. */
  ResponseEntity<Resource> either(Resource packed, HttpHeaders asked) throws IOException {
    if (!takesGzip(asked.getOrEmpty(HttpHeaders.ACCEPT_ENCODING))
        || asked.containsHeader(HttpHeaders.RANGE)) {
      return answer(asked, Optional.of(HttpHeaders.ACCEPT_ENCODING));
    }
    return head(tagged("-gzip"), Optional.of(HttpHeaders.ACCEPT_ENCODING))
        .header(HttpHeaders.CONTENT_ENCODING, GZIP)
        .body(packed);
  }

  private ResponseEntity<Resource> answer(HttpHeaders asked, Optional<String> vary)
      throws IOException {
    String own = tagged("");
    String condition = asked.getFirst(HttpHeaders.IF_RANGE);
    ResponseEntity.BodyBuilder head = head(own, vary);
    if (condition != null && !condition.equals(own)) {
      // A part of another file than the client has: all of this one, and a stream has no parts.
      return head.contentLength(content.contentLength())
          .body(new InputStreamResource(content.getInputStream()));
    }
    return head.body(content);
  }

  private ResponseEntity.BodyBuilder head(String entityTag, Optional<String> vary) {
    ResponseEntity.BodyBuilder head =
        ResponseEntity.ok().contentType(type).cacheControl(caching).eTag(entityTag);
    vary.ifPresent(head::varyBy);
    return head;
  }

  private String tagged(String encoding) {
    return '"' + tag + encoding + '"';
  }

  /** Whether it is named, by itself or by the asterisk, and not with a weight of nought. */
  private static boolean takesGzip(List<String> acceptEncoding) {
    for (String value : acceptEncoding) {
      for (String coding : value.split(",", -1)) {
        String[] words = coding.toLowerCase(Locale.ROOT).replace(" ", "").split(";", -1);
        if (words[0].equals(GZIP) || words[0].equals("*")) {
          return words.length == 1 || !words[1].matches("q=0(\\.0*)?");
        }
      }
    }
    return false;
  }
}
