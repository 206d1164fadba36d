package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What a factory writes into flash. All of it is signed or public, none of it is secret. */
@RestController
@RequestMapping("/device/v1/factory/{product}/{version}/{hardware}")
class FactoryController {
  private final ObjectProvider<FactoryFiles> files;
  private final Bootloaders bootloaders;

  FactoryController(ObjectProvider<FactoryFiles> files, Bootloaders bootloaders) {
    this.files = files;
    this.bootloaders = bootloaders;
  }

  @GetMapping("/{file}")
  void file(
      @PathVariable String product,
      @PathVariable String version,
      @PathVariable String hardware,
      @PathVariable String file,
      @RequestParam @Nullable String bootloader,
      HttpServletResponse response)
      throws IOException {
    Optional<Bootloader> wanted =
        bootloader == null
            ? Optional.empty()
            : Optional.of(
                bootloaders
                    .find(product, bootloader)
                    .filter(registered -> registered.hardware().equals(hardware))
                    .orElseThrow(() -> SignerException.notFound("bootloader " + bootloader))
                    .bootloader());
    if (file.equals("bootloader")) {
      send(
          ByteSource.of(
              wanted
                  .orElseThrow(
                      () ->
                          new SignerException(
                              ProblemType.BAD_REQUEST, "bootloader: its id is expected"))
                  .toJson()
                  .canonicalBytes()),
          response);
      return;
    }
    FactoryFiles.Kind kind =
        switch (file) {
          case "image" -> FactoryFiles.Kind.IMAGE;
          case "manifest" -> FactoryFiles.Kind.MANIFEST;
          case "profile" -> FactoryFiles.Kind.PROFILE;
          case "root" -> FactoryFiles.Kind.ROOT;
          default -> throw SignerException.notFound("factory file " + file);
        };
    ImageVersion build = version(version);
    send(
        files.stream()
            .flatMap(f -> f.file(product, build, hardware, kind, wanted).stream())
            .findFirst()
            .orElseThrow(() -> SignerException.notFound("build " + build + " for " + hardware)),
        response);
  }

  static ImageVersion version(String text) {
    try {
      return ImageVersion.parseLenient(text);
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private static void send(ByteSource source, HttpServletResponse response) throws IOException {
    response.setContentType("application/octet-stream");
    response.setContentLengthLong(source.lengthBytes());
    try (InputStream in = source.open()) {
      in.transferTo(response.getOutputStream());
    }
  }
}
