package dev.otasigner.service.catalogue;

import dev.otasigner.service.problem.SignerException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Which repositories could not be published last time, and why; said in the log once. */
@Component
class CatalogueStanding {
  private static final Logger log = LoggerFactory.getLogger(CatalogueStanding.class);

  /** What was said of it, and what it was. */
  private record Trouble(String sentence, String cause) {}

  private final Map<LineageKey, Trouble> troubles = new ConcurrentHashMap<>();

  Optional<String> trouble(LineageKey lineage) {
    return Optional.ofNullable(troubles.get(lineage)).map(Trouble::sentence);
  }

  void well(LineageKey lineage) {
    if (troubles.remove(lineage) != null) {
      log.info("the catalogue {}/{} is published again", lineage.product(), lineage.name());
    }
  }

  void inTrouble(LineageKey lineage, Exception e) {
    String trouble = sentence(e);
    Trouble now = new Trouble(trouble, e.toString());
    if (now.equals(troubles.put(lineage, now))) {
      return;
    }
    String which = lineage.product() + "/" + lineage.name();
    if (isForeseen(e)) {
      log.error("the catalogue {} is not renewed: {}", which, trouble);
    } else {
      log.error("the catalogue {} is not renewed: {}", which, trouble, e);
    }
  }

  private static boolean isForeseen(Exception e) {
    return !(e instanceof RuntimeException)
        || e instanceof SignerException
        || e instanceof UncheckedIOException;
  }

  /** What was foreseen has a sentence of its own; of anything else only the log tells. */
  static String sentence(Exception e) {
    Throwable said = e instanceof UncheckedIOException && e.getCause() != null ? e.getCause() : e;
    return isForeseen(e) && said.getMessage() != null
        ? said.getMessage()
        : "nobody foresaw this: see the log";
  }
}
