package dev.otasigner.device.cli;

import dev.otasigner.device.transport.HttpProxy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A proxy as it is given on a command line, whose password never is. */
final class ProxyOptions {
  /** More than 32 characters of any kind. */
  private static final int MAX_PASSWORD_BYTES = 1024;

  @Option(
      names = "--proxy",
      paramLabel = "HOST:PORT",
      description = "an HTTP proxy to dial out through; the host has 64 characters at most")
  private @Nullable String proxy;

  @Option(
      names = "--proxy-user",
      paramLabel = "USER",
      description = "the user it asks for, 32 characters at most, no colon")
  private @Nullable String user;

  @Option(
      names = "--proxy-password-file",
      paramLabel = "FILE",
      description = {
        "the password, 32 characters at most, in a line of its own;",
        "- reads it from standard input"
      })
  private @Nullable Path passwordFile;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  boolean readsStandardInput() {
    return passwordFile != null && passwordFile.toString().equals("-");
  }

  /** What was given; nothing when no proxy was. */
  Optional<HttpProxy> read() throws IOException {
    if (proxy == null) {
      if (user != null || passwordFile != null) {
        throw wrong("--proxy-user and --proxy-password-file belong to a --proxy");
      }
      return Optional.empty();
    }
    if ((user == null) != (passwordFile == null)) {
      throw wrong("--proxy-user and --proxy-password-file belong together");
    }
    try {
      Optional<HttpProxy.Login> login = Optional.empty();
      if (user != null && passwordFile != null) {
        login = Optional.of(new HttpProxy.Login(user, password(passwordFile)));
      }
      return Optional.of(HttpProxy.of(proxy, login));
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private String password(Path file) throws IOException {
    try (InputStream in = file.toString().equals("-") ? System.in : Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_PASSWORD_BYTES + 1);
      if (bytes.length > MAX_PASSWORD_BYTES) {
        throw wrong("--proxy-password-file: over " + MAX_PASSWORD_BYTES + " bytes");
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.replaceFirst("\r?\n\\z", "");
    } catch (NoSuchFileException e) {
      throw wrong("--proxy-password-file: " + file + " is not there");
    } catch (CharacterCodingException e) {
      throw wrong("--proxy-password-file: the password is not UTF-8");
    }
  }

  ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
