package dev.otasigner.service.catalogue;

import static dev.otasigner.service.catalogue.TestRepository.LIFETIMES;
import static dev.otasigner.service.catalogue.TestRepository.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two years and some in which nobody looks: the clock moves by half days, and the service works.
 */
class UnattendedTests {
  private static final String HEAD = "stable/gw/head.json";
  private static final Duration STEP = Duration.ofHours(12);
  private static final int DAYS = 800;

  @TempDir Path directory;

  private static Wanted wanted(long day) {
    byte[] note = ("checkpoint " + day).getBytes(StandardCharsets.UTF_8);
    return new Wanted(
        Map.of(
            new ChannelRole("stable", "gw"),
            List.of(WantedFile.of(HEAD, "head".getBytes(StandardCharsets.UTF_8)))),
        Optional.of(Wanted.checkpoint(note, dev.otasigner.verifier.Bytes.copyOf(new byte[] {1}))));
  }

  @Test
  void everyRoleIsSignedAnewLongBeforeItEndsAndDevicesFollow() throws Exception {
    TestRepository repository = new TestRepository(directory.resolve("repo"), false);
    repository.publish(wanted(0), START);
    // One process, as in the service.
    Publisher publisher = repository.publisher();
    RepositoryFiles files = repository.files();
    TestRepository.Client daily = repository.client(directory.resolve("daily"));
    TestRepository.Client yearly = repository.client(directory.resolve("yearly"));
    assertThat(yearly.fetch(HEAD, START)).isPresent();
    Instant end = START.plus(Duration.ofDays(DAYS));
    for (Instant now = START; now.isBefore(end); now = now.plus(STEP)) {
      long hours = Duration.between(START, now).toHours();
      requireNothingIsOverdue(files, now);
      Wanted today = wanted(hours / 24);
      publisher.publish(() -> today, () -> Followers.NONE, LIFETIMES, now);
      if (hours % 96 == 0) {
        // Right before the service works again, which is the worst moment of the day.
        assertThat(daily.fetch(HEAD, now.plus(STEP))).isPresent();
      }
      if (hours == 365 * 24) {
        assertThat(yearly.fetch(HEAD, now)).isPresent();
      }
    }
    assertThat(yearly.fetch(HEAD, end)).isPresent();
    assertThat(repository.client(directory.resolve("fresh")).fetch(HEAD, end)).isPresent();
    assertThat(repository.version("root")).isGreaterThan(1);
    assertThat(repository.version("targets")).isGreaterThan(2);
    assertThat(repository.version("snapshot")).isGreaterThan(DAYS - 10);
  }

  /** A quarter of its time left is what people are told of. */
  private static void requireNothingIsOverdue(RepositoryFiles files, Instant now) throws Exception {
    PublishedSet set = PublishedSet.read(files).orElseThrow();
    Map<String, Duration> left = new LinkedHashMap<>();
    left.put("root", over(now, set.root().expires(), LIFETIMES.root()));
    left.put("timestamp", over(now, set.timestamp().expires(), LIFETIMES.timestamp()));
    left.put("snapshot", over(now, set.snapshot().expires(), LIFETIMES.snapshot()));
    set.roles()
        .forEach(
            (name, role) ->
                left.put(
                    name,
                    over(
                        now,
                        role.expires(),
                        name.equals("targets") ? LIFETIMES.targets() : LIFETIMES.channel())));
    left.forEach((role, time) -> assertThat(time).as("%s at %s", role, now).isPositive());
  }

  private static Duration over(Instant now, Instant expires, Duration lifetime) {
    return Duration.between(now, expires).minus(lifetime.dividedBy(4));
  }
}
