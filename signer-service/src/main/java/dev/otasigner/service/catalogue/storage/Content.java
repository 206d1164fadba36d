package dev.otasigner.service.catalogue.storage;

import dev.otasigner.verifier.Bytes;
import java.nio.file.Path;

/** What an object shall hold. */
public sealed interface Content {

  /** A small document. */
  static Content of(byte[] bytes) {
    return new Document(Bytes.copyOf(bytes));
  }

  /** A file of this machine that never changes; a storage on the same disk may share it. */
  static Content of(Path file) {
    return new LocalFile(file);
  }

  /** In memory. */
  record Document(Bytes bytes) implements Content {}

  /** On this machine's disk. */
  record LocalFile(Path file) implements Content {}
}
