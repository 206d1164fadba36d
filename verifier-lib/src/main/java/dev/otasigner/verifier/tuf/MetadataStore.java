package dev.otasigner.verifier.tuf;

import java.io.IOException;
import java.util.Optional;

/**
 * Where a client keeps the metadata it trusts, by role name and as received. It is given verified
 * metadata only.
 */
public interface MetadataStore {
  /**
   * What is there, or empty when nothing was stored for the role.
   *
   * @param role its name, not encoded
   * @throws IOException when it cannot be read
   */
  Optional<byte[]> load(String role) throws IOException;

  /**
   * Replaces what is there in one step: after a crash either the old or the new is found.
   *
   * @param role its name, not encoded
   * @throws IOException when it could not be stored
   */
  void store(String role, byte[] bytes) throws IOException;

  /**
   * Removes what is there, if anything.
   *
   * @param role its name, not encoded
   * @throws IOException when it could not be removed
   */
  void delete(String role) throws IOException;
}
