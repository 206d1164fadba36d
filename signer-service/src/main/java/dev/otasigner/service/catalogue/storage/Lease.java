package dev.otasigner.service.catalogue.storage;

import java.io.IOException;
import java.util.Optional;

/**
 * The right to write, held by one at a time. Each holder has a higher number than the one before. A
 * holder that shows no sign of life for the lease's time is taken for dead; when it was only
 * frozen, each of its calls from then on throws {@link LostException} and changes nothing that
 * counts.
 */
public interface Lease extends AutoCloseable {
  /** Higher than that of every holder before. */
  long number();

  /**
   * Shows a sign of life; called often by whoever works for long between two writes.
   *
   * @throws LostException when another has taken over
   */
  void alive() throws IOException;

  /**
   * Writes an object once and for all; durable when this returns.
   *
   * @throws java.nio.file.FileAlreadyExistsException when there is one of the name, whatever it
   *     holds
   * @throws LostException when another has taken over
   */
  void create(String name, byte[] bytes) throws IOException;

  /**
   * Writes an object whose name says what it holds, in place of a damaged one where there is one;
   * durable when this returns.
   *
   * @throws LostException when another has taken over
   */
  void put(String name, Content content) throws IOException;

  /**
   * Removes an object, if there is one of the name; durable when this returns.
   *
   * @throws LostException when another has taken over
   */
  void remove(String name) throws IOException;

  /**
   * Replaces the pointer, if it still is the one that was read; durable when this returns.
   *
   * @param expectedTag of the pointer that is replaced; empty when there must be none
   * @throws LostException when it is another one by now, or another has taken over
   */
  void replacePointer(Optional<String> expectedTag, byte[] bytes) throws IOException;

  /** Gives it back; does nothing when it is lost. */
  @Override
  void close() throws IOException;
}
