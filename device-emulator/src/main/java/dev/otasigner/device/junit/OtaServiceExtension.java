package dev.otasigner.device.junit;

import dev.otasigner.device.lab.LabDevice;
import dev.otasigner.device.lab.ServiceUnderTest;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Starts a service when a test first asks for it, and ends it with the test's class. */
public final class OtaServiceExtension implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(OtaServiceExtension.class);
  private static final String KEY = "service";

  /** A service, and the number of the next device; the store closes it. */
  private static final class Started implements AutoCloseable {
    private final ServiceUnderTest service;
    private final AtomicInteger devices = new AtomicInteger();

    Started() {
      try {
        service = ServiceUnderTest.start();
      } catch (IOException e) {
        throw new ParameterResolutionException("the service: " + e.getMessage(), e);
      }
    }

    @Override
    public void close() throws IOException {
      service.close();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == ServiceUnderTest.class || type == LabDevice.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Started started =
        outermostClass(context)
            .getStore(NAMESPACE)
            .computeIfAbsent(KEY, key -> new Started(), Started.class);
    if (parameter.getParameter().getType() == ServiceUnderTest.class) {
      return started.service;
    }
    try {
      return started.service.device("device-" + started.devices.incrementAndGet());
    } catch (IOException e) {
      throw new ParameterResolutionException("a device: " + e.getMessage(), e);
    }
  }

  /** What is kept there lives for as long as all tests of the class. */
  private static ExtensionContext outermostClass(ExtensionContext context) {
    ExtensionContext found = context;
    while (found.getParent().isPresent() && found.getParent().get().getTestClass().isPresent()) {
      found = found.getParent().get();
    }
    return found;
  }
}
