package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.RejectedException;
import java.io.IOException;

/**
 * Verified target files by their path: a TUF client that has refreshed, or a publisher's own store.
 */
@FunctionalInterface
public interface Documents {
  /**
   * The file at this path.
   *
   * @param maxBytes the file is refused when it is longer
   * @throws RejectedException TARGET_NOT_FOUND when no trusted role lists it; another reason when
   *     what came is not what is listed, or the listing itself cannot be trusted
   * @throws IOException when it could not be fetched, which is no refusal
   */
  byte[] read(String path, int maxBytes) throws RejectedException, IOException;
}
