package dev.otasigner.service.catalogue.storage;

import java.io.IOException;
import java.io.InputStream;

/** An object that is there. */
public interface StoredObject {
  /** Its length. */
  long lengthBytes();

  /** Its bytes from an offset on; none when it lies at or behind the end. */
  InputStream open(long fromByte) throws IOException;

  /** All of its bytes. */
  default InputStream open() throws IOException {
    return open(0);
  }
}
