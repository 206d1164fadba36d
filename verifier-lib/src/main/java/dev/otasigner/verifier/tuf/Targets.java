package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Files, and roles that speak for other files: TUF 4.5. The top-level role and every delegated one.
 *
 * @param version 1 or more
 * @param expires to the second
 * @param targets by path
 * @param delegations roles that speak for other files, if any
 */
public record Targets(
    long version,
    Instant expires,
    Map<String, TargetFile> targets,
    Optional<Delegations> delegations)
    implements Metadata {
  public Targets {
    Metadata.requireVersion(version);
    targets = Collections.unmodifiableMap(new LinkedHashMap<>(targets));
  }

  /** A role that lists files and delegates nothing. */
  public static Targets of(long version, Instant expires, List<TargetFile> files) {
    Map<String, TargetFile> targets = new LinkedHashMap<>();
    files.forEach(file -> targets.put(file.path(), file));
    return new Targets(version, expires, targets, Optional.empty());
  }

  /** The same role with these delegations in place of its own. */
  public Targets with(Delegations to) {
    return new Targets(version, expires, targets, Optional.of(to));
  }

  static Targets read(Fields signed, TufLimits.Counts counts) throws RejectedException {
    Header header = Header.read(signed, TARGETS);
    Fields listed = signed.object("targets");
    Map<String, TargetFile> targets = new LinkedHashMap<>();
    for (String path : listed.names()) {
      targets.put(path, TargetFile.read(path, listed.object(path)));
    }
    Optional<Fields> delegations = signed.optionalObject("delegations");
    return new Targets(
        header.version(),
        header.expires(),
        targets,
        delegations.isPresent()
            ? Optional.of(Delegations.read(delegations.get(), counts))
            : Optional.empty());
  }

  @Override
  public String type() {
    return TARGETS;
  }

  @Override
  public Json.Obj toJson() {
    Json.Builder listed = Json.object();
    targets.forEach((path, file) -> listed.put(path, file.toJson()));
    Json.Builder json = Header.write(this).put("targets", listed.build());
    delegations.ifPresent(to -> json.put("delegations", to.toJson()));
    return json.build();
  }
}
