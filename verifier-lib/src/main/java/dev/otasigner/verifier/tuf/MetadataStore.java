package dev.otasigner.verifier.tuf;

import java.io.IOException;
import java.util.Optional;

/**
 * Where a client keeps the metadata it trusts, by role name and as received. It is given verified
 * metadata only.
 */
public interface MetadataStore {
  Optional<byte[]> load(String role) throws IOException;

  /** Replaces what is there in one step: after a crash either the old or the new is found. */
  void store(String role, byte[] bytes) throws IOException;

  /** Removes what is there, if anything. */
  void delete(String role) throws IOException;
}
