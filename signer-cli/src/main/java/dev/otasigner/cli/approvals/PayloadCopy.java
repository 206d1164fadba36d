package dev.otasigner.cli.approvals;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.ServiceClient;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/** The payload of a request in a temporary file, once it is the one that the document names. */
record PayloadCopy(Path file) implements AutoCloseable {
  private static final int BUFFER_BYTES = 256 * 1024;

  /**
   * Streams it here.
   *
   * @throws dev.otasigner.cli.CommandFailedException REFUSED for another file; nothing of it stays
   */
  static PayloadCopy fetch(ServiceClient service, StatedRequest request)
      throws IOException, RejectedException {
    StatedRequest.Payload expected = request.payload();
    String where = path("requests", request.id(), "payload");
    PayloadCopy copy = new PayloadCopy(Files.createTempFile("signer-payload-", ".part"));
    try {
      service.read(where, in -> copy.fill(in, expected));
      return copy;
    } catch (IOException | RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  private void fill(InputStream in, StatedRequest.Payload expected) throws IOException {
    MessageDigest digest = Digest.sha256();
    long length = 0;
    try (OutputStream out = Files.newOutputStream(file)) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        length += count;
        if (length > expected.lengthBytes()) {
          throw StatedRequest.refused(
              "the payload is longer than the " + expected.lengthBytes() + " bytes of the request");
        }
        digest.update(buffer, 0, count);
        out.write(buffer, 0, count);
      }
    }
    if (length != expected.lengthBytes()) {
      throw StatedRequest.refused(
          "the payload has " + length + " bytes, and " + expected.lengthBytes() + " are expected");
    }
    Digest found = Digest.ofHash(digest.digest());
    if (!found.equals(expected.sha256())) {
      throw StatedRequest.refused(
          "the payload is " + found + ", and the request is about " + expected.sha256());
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
