package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import org.springframework.core.io.AbstractResource;

/** A stored object as the web framework sends it, whole or in ranges. */
final class StoredResource extends AbstractResource {
  private final StoredObject object;
  private final String name;

  StoredResource(StoredObject object, String name) {
    this.object = object;
    this.name = name;
  }

  @Override
  public boolean exists() {
    return true;
  }

  @Override
  public long contentLength() {
    return object.lengthBytes();
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return object.open();
  }

  @Override
  public String getDescription() {
    return name;
  }
}
