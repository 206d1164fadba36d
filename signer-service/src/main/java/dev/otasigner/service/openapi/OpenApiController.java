package dev.otasigner.service.openapi;

import dev.otasigner.service.access.AllowedTo;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Serves the description of this very API. */
@RestController
class OpenApiController {
  static final String RESOURCE = "openapi/openapi.json";

  @GetMapping("/api/v1/openapi.json")
  @AllowedTo(ofAnyProduct = true)
  ResponseEntity<Resource> document() {
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(new ClassPathResource(RESOURCE));
  }
}
