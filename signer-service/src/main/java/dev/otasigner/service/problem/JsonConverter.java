package dev.otasigner.service.problem;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.util.List;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;

/**
 * Lets a controller take and return {@link Json}: bodies are read by the house's one strict reader,
 * the same that the device and the verifier use, and written on one line.
 */
public final class JsonConverter extends AbstractHttpMessageConverter<Json> {
  /** No document of the contracts is longer. */
  public static final int MAX_BYTES = 256 * 1024;

  public JsonConverter() {
    super(MediaType.APPLICATION_JSON, MediaType.APPLICATION_PROBLEM_JSON);
  }

  @Override
  protected boolean supports(Class<?> type) {
    return Json.class.isAssignableFrom(type);
  }

  @Override
  protected Json readInternal(Class<? extends Json> type, HttpInputMessage message)
      throws IOException {
    byte[] body = message.getBody().readNBytes(MAX_BYTES + 1);
    if (body.length > MAX_BYTES) {
      throw new SignerException(ProblemType.TOO_LARGE, "at most " + MAX_BYTES + " bytes are taken");
    }
    Json json;
    try {
      json = JsonReader.read(body, MAX_BYTES);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    if (!type.isInstance(json)) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "another kind of JSON value is expected, not " + json.kind());
    }
    return json;
  }

  @Override
  protected void writeInternal(Json json, HttpOutputMessage message) throws IOException {
    byte[] body = json.textBytes();
    message.getHeaders().setContentLength(body.length);
    message.getBody().write(body);
  }

  @Override
  public List<MediaType> getSupportedMediaTypes(Class<?> type) {
    return supports(type) ? getSupportedMediaTypes() : List.of();
  }
}
