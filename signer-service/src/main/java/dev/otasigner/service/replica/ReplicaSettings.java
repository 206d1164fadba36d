package dev.otasigner.service.replica;

import dev.otasigner.keys.Lease;
import dev.otasigner.service.ConfigurationRefused;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import org.springframework.core.env.Environment;

/**
 * How this service is one of several.
 *
 * @param shared the directory that all of them have: token, worker, payloads, catalogue
 * @param address where the others reach this one's management port
 * @param lease when an active one that shows no life is followed
 */
record ReplicaSettings(Path shared, URI address, Lease lease) {
  private static final Duration LEAST = Duration.ofSeconds(2);

  /** Longer, and an NFS server has let go of a frozen machine's locks before. */
  private static final Duration MOST = Duration.ofSeconds(60);

  private static final int LOOKS = 40;

  /** Empty for a service that is alone, which {@code signer.shared} says by being absent. */
  static Optional<ReplicaSettings> of(Environment environment) {
    String shared = environment.getProperty("signer.shared", "");
    if (shared.isEmpty()) {
      return Optional.empty();
    }
    if (!environment.getProperty("spring.datasource.url", "").startsWith("jdbc:postgresql:")) {
      throw new ConfigurationRefused(
          "signer.shared: several services need one PostgreSQL; spring.datasource.url names none");
    }
    for (String prompt : List.of("signer.token.passphrase-prompt", "signer.hsm.pin-prompt")) {
      if (environment.getProperty(prompt, Boolean.class, false)) {
        throw new ConfigurationRefused(
            prompt + ": nobody is there to ask when one of several services takes over");
      }
    }
    return Optional.of(
        new ReplicaSettings(
            directory(shared),
            address(environment.getProperty("signer.replica.address", "")),
            lease(environment.getProperty("signer.replica.lease", "PT10S"))));
  }

  private static Path directory(String shared) {
    try {
      return Path.of(shared).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new ConfigurationRefused("signer.shared: a directory is expected, not " + shared);
    }
  }

  private static URI address(String text) {
    try {
      URI address = new URI(text);
      boolean http = "http".equals(address.getScheme()) || "https".equals(address.getScheme());
      if (http && address.getHost() != null && address.getPort() > 0 && isBare(address)) {
        return address;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw new ConfigurationRefused(
        "signer.replica.address: where the others reach this one is expected, such as"
            + " https://signer-1.example:8443, not '"
            + text
            + "'");
  }

  private static boolean isBare(URI address) {
    return address.getRawPath().isEmpty()
        && address.getRawQuery() == null
        && address.getRawUserInfo() == null
        && address.getRawFragment() == null;
  }

  private static Lease lease(String text) {
    try {
      Duration silence = Duration.parse(text);
      if (silence.compareTo(LEAST) >= 0 && silence.compareTo(MOST) <= 0) {
        return new Lease(silence, silence.dividedBy(LOOKS));
      }
    } catch (DateTimeParseException e) {
      // Said below.
    }
    throw new ConfigurationRefused(
        "signer.replica.lease: a duration from PT2S to PT60S is expected, not '" + text + "'");
  }

  /** Where replicas find each other. */
  Path directory() {
    return shared.resolve("replica");
  }
}
