package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Builds whose images and bootloader components are gone for good. What they were stays: the row,
 * and the manifest with its signatures.
 */
@Component
public class PrunedBuilds {
  private final JdbcClient jdbc;
  private final SigningRequestStore requests;
  private final FileUse use;
  private final Builds builds;
  private final PayloadStore payloads;
  private final TransactionTemplate transactions;
  private final Clock clock;
  private final Duration waiting;

  /**
   * Reads and writes what is pruned.
   *
   * @param days so long an upload may wait until something names it
   */
  PrunedBuilds(
      JdbcClient jdbc,
      SigningRequestStore requests,
      Builds builds,
      PayloadStore payloads,
      TransactionTemplate transactions,
      Clock clock,
      @Value("${signer.payloads.unused-days:30}") int days) {
    this.jdbc = jdbc;
    this.requests = requests;
    this.use = new FileUse(jdbc);
    this.builds = builds;
    this.payloads = payloads;
    this.transactions = transactions;
    this.clock = clock;
    this.waiting = Duration.ofDays(Math.max(1, days));
  }

  /** A build by its name. */
  public record Name(String product, ImageVersion version) {}

  /** When the build was pruned; from then on it is nothing that can be released. */
  public Optional<Instant> at(String product, ImageVersion version) {
    return jdbc.sql("select pruned from build_pruned where product = ? and version = ?")
        .params(product, version.toString())
        .query((row, n) -> row.getObject(1, OffsetDateTime.class).toInstant())
        .optional();
  }

  /** Begins, in the transaction under way: there is no way back. */
  public void begin(Build build) {
    jdbc.sql(
            "insert into build_pruned (product, version, pruned, finished) values (?, ?, ?, false)")
        .params(
            build.product(),
            build.version().toString(),
            OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
        .update();
  }

  /** Those whose files may be there still. */
  public List<Name> unfinished() {
    return jdbc.sql(
            "select product, version from build_pruned where not finished order by product,"
                + " version")
        .query((row, n) -> new Name(row.getString(1), version(row.getString(2))))
        .list();
  }

  public void finish(Build build) {
    jdbc.sql("update build_pruned set finished = true where product = ? and version = ?")
        .params(build.product(), build.version().toString())
        .update();
  }

  /** Images and component of a build by their digests, with what each is called. */
  public Map<Digest, String> files(Build build) {
    Map<Digest, String> files = new LinkedHashMap<>();
    Manifest manifest = builds.manifest(build);
    manifest.variants().forEach(variant -> files.put(variant.sha256(), variant.name() + ".img"));
    build.component().ifPresent(component -> files.put(component, "bootloader"));
    return files;
  }

  /**
   * Those of them that nobody else needs now: no other build, no request under way, no other
   * product that uploaded it, and nobody who has uploaded it anew for what is still to come.
   */
  public List<Digest> own(Build build) {
    List<Digest> own = new ArrayList<>(files(build).keySet());
    own.removeIf(digest -> isNamed(build, digest) || isUploaded(build, digest));
    return own;
  }

  private boolean isNamed(Build build, Digest digest) {
    return use.isOfAnother(build, digest)
        || requests
            .findAllById(
                requests.idsIn(
                    Arrays.stream(RequestState.values()).filter(s -> !s.isFinal()).toList()))
            .stream()
            .anyMatch(request -> request.spec().payload().equals(digest));
  }

  private boolean isUploaded(Build build, Digest digest) {
    Instant waitsSince = clock.instant().minus(waiting);
    Instant since = build.created().isAfter(waitsSince) ? build.created() : waitsSince;
    return jdbc.sql(
                "select count(*) from upload where sha256 = ?"
                    + " and (product <> ? or not named or uploaded > ?)")
            .params(digest.hex(), build.product(), OffsetDateTime.ofInstant(since, ZoneOffset.UTC))
            .query(Long.class)
            .single()
        > 0;
  }

  /** How long a file of the payload store is; nothing when it is not there. */
  public Optional<Long> lengthBytes(Digest digest) {
    Optional<Path> file = payloads.find(digest);
    try {
      return file.isPresent() ? Optional.of(Files.size(file.get())) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Removes files from the payload store, but for those that somebody has come to need since; what
   * is gone already is gone.
   */
  public void remove(Build build, List<Digest> files) {
    for (Digest digest : files) {
      payloads.alone(
          digest,
          () ->
              Objects.requireNonNull(
                  transactions.execute(status -> removeUnlessNeeded(build, digest))));
    }
  }

  /** With the rows locked: what names the file comes before all of this, or after. */
  private int removeUnlessNeeded(Build build, Digest digest) {
    jdbc.sql("select product from upload where sha256 = ? for update")
        .param(digest.hex())
        .query(String.class)
        .list();
    if (isNamed(build, digest) || isUploaded(build, digest)) {
      return 0;
    }
    payloads.remove(digest);
    return jdbc.sql("delete from upload where sha256 = ? and product = ?")
        .params(digest.hex(), build.product())
        .update();
  }

  /**
   * What is left of a build's files because somebody has uploaded them anew goes when nothing names
   * it in time, as every upload does.
   */
  public void leave(Build build) {
    for (Digest digest : files(build).keySet()) {
      transactions.executeWithoutResult(
          status -> {
            jdbc.sql("select product from upload where sha256 = ? for update")
                .param(digest.hex())
                .query(String.class)
                .list();
            if (!isNamed(build, digest)) {
              jdbc.sql("update upload set named = false where sha256 = ? and product = ?")
                  .params(digest.hex(), build.product())
                  .update();
            }
          });
    }
  }

  private static ImageVersion version(String text) {
    try {
      return ImageVersion.parse(text);
    } catch (RejectedException e) {
      throw new IllegalStateException("a pruned build is damaged in the database", e);
    }
  }
}
