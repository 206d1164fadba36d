package dev.otasigner.service.rotation;

import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import dev.otasigner.service.report.Support;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * The keys that sign nothing more at a time that a question is about: their limit ends them, nobody
 * should accept their suite any more, or the certificate of their authority has run out.
 */
@Component
class EndedBy {
  private final List<EndingSource> sources;
  private final Keyring keyring;

  EndedBy(List<EndingSource> sources, Keyring keyring) {
    this.sources = List.copyOf(sources);
    this.keyring = keyring;
  }

  /** A change with all that has ended by its time; the change itself when it has none. */
  Change with(Change change) {
    return change.at().map(time -> change.retiringToo(keys(time))).orElse(change);
  }

  private List<KeyEntry> keys(Instant time) {
    return sources.stream()
        .flatMap(source -> source.endings().stream())
        .filter(ending -> !ending.at().isAfter(time))
        .map(Ending::support)
        .flatMap(Optional::stream)
        .filter(support -> support.kind() == Support.Kind.KEY)
        .flatMap(support -> keyring.find(support.name()).stream())
        .distinct()
        .toList();
  }
}
