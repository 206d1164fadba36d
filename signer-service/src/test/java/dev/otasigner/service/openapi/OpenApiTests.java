package dev.otasigner.service.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.ServiceTest;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * The packaged document is what the controllers say. {@code -Dopenapi.write=true} writes it anew.
 */
@ServiceTest
class OpenApiTests {
  private static final Path DOCUMENT =
      Path.of("src", "main", "resources", OpenApiController.RESOURCE);

  @Autowired
  @Qualifier("requestMappingHandlerMapping")
  private RequestMappingHandlerMapping mapping;

  @Test
  void everyEndpointIsDescribedAndNoOtherIs() {
    assertThat(Operations.all().stream().map(Operation::endpoint))
        .containsExactlyInAnyOrderElementsOf(endpoints().keySet());
  }

  @Test
  void everyCallHasANameOfItsOwn() {
    assertThat(Operations.all().stream().map(Operation::id)).doesNotHaveDuplicates();
  }

  @Test
  void documentIsWhatTheControllersSay() throws Exception {
    String made = Indented.text(new OpenApiDocument().of(endpoints(), Operations.all())) + "\n";
    if (Boolean.getBoolean("openapi.write")) {
      Files.createDirectories(DOCUMENT.getParent());
      Files.writeString(DOCUMENT, made);
    }
    assertThat(List.of(Files.readString(DOCUMENT).split("\n", -1)))
        .as("-Dopenapi.write=true writes it anew")
        .isEqualTo(List.of(made.split("\n", -1)));
  }

  private Map<String, Method> endpoints() {
    Map<String, Method> endpoints = new TreeMap<>();
    mapping
        .getHandlerMethods()
        .forEach(
            (info, handler) -> {
              for (String path : info.getPatternValues()) {
                if (path.startsWith("/api/")) {
                  info.getMethodsCondition()
                      .getMethods()
                      .forEach(m -> endpoints.put(m.name() + " " + path, handler.getMethod()));
                }
              }
            });
    return endpoints;
  }
}
