package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Narrowing;
import dev.otasigner.service.catalogue.ReleaseName;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.listeners.TlsReduction;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What somebody thinks of doing, all of it at once.
 *
 * @param retired keys that sign nothing more
 * @param tls what listeners no longer speak
 * @param withdrawn releases that are no longer offered
 * @param pruned builds whose bytes are deleted
 * @param minStrengthBits suites below sign no build to come; 0 for no demand
 * @param hybridManifests builds without a classical and a post-quantum signature of their manifest
 *     are no longer offered
 * @param endedLineages whose metadata is signed no more
 * @param fixedBootloaders that turn out not to be updatable
 * @param narrowing of one release, finer than withdrawing it
 * @param at the time at which the question is asked; steps that are scheduled for later are not
 *     taken then. Empty: now, and then with every step that is scheduled
 */
record Change(
    List<KeyEntry> retired,
    TlsReduction tls,
    List<ReleaseName> withdrawn,
    List<ImageVersion> pruned,
    int minStrengthBits,
    boolean hybridManifests,
    Set<String> endedLineages,
    Set<String> fixedBootloaders,
    Optional<Narrowing> narrowing,
    Optional<Instant> at) {
  /** Of each kind; a policy may stop all the keys that there are. */
  private static final int MAX = 1000;

  private static final int MAX_BITS = 256;
  private static final int MAX_PORT = 65_535;

  private static final Set<String> MEMBERS =
      Set.of(
          "retireKeys",
          "closeListeners",
          "closeListener",
          "dropTls",
          "withdraw",
          "prune",
          "minStrengthBits",
          "hybridManifests",
          "endLineages",
          "fixBootloaders",
          "at");

  static final Change NONE =
      new Change(
          List.of(),
          TlsReduction.NONE,
          List.of(),
          List.of(),
          0,
          false,
          Set.of(),
          Set.of(),
          Optional.empty(),
          Optional.empty());

  Change {
    retired = List.copyOf(retired);
    withdrawn = List.copyOf(withdrawn);
    pruned = List.copyOf(pruned);
    endedLineages = Set.copyOf(endedLineages);
    fixedBootloaders = Set.copyOf(fixedBootloaders);
  }

  static Change retiring(List<KeyEntry> keys) {
    return NONE.retiringToo(keys);
  }

  static Change closing(String listener) {
    return NONE.speaking(TlsReduction.closing(Set.of(listener)));
  }

  static Change pruning(ImageVersion build) {
    return new Change(
        List.of(),
        TlsReduction.NONE,
        List.of(),
        List.of(build),
        0,
        false,
        Set.of(),
        Set.of(),
        Optional.empty(),
        Optional.empty());
  }

  static Change of(Narrowing narrowing) {
    return new Change(
        List.of(),
        TlsReduction.NONE,
        List.of(),
        List.of(),
        0,
        false,
        Set.of(),
        Set.of(),
        Optional.of(narrowing),
        Optional.empty());
  }

  /** Together with keys that go besides. */
  Change retiringToo(List<KeyEntry> more) {
    List<KeyEntry> all = new ArrayList<>(retired);
    more.stream().filter(key -> !all.contains(key)).forEach(all::add);
    return new Change(
        all,
        tls,
        withdrawn,
        pruned,
        minStrengthBits,
        hybridManifests,
        endedLineages,
        fixedBootloaders,
        narrowing,
        at);
  }

  Change speaking(TlsReduction other) {
    return new Change(
        retired,
        other,
        withdrawn,
        pruned,
        minStrengthBits,
        hybridManifests,
        endedLineages,
        fixedBootloaders,
        narrowing,
        at);
  }

  /** Whether only what is offered changes, or nothing: what devices trust is not touched. */
  boolean isAboutBuildsOnly() {
    return equals(
        new Change(
            List.of(),
            TlsReduction.NONE,
            withdrawn,
            pruned,
            0,
            false,
            Set.of(),
            Set.of(),
            narrowing,
            Optional.empty()));
  }

  /** How a candidate of a head file is listed after the narrowing, or empty when it is not. */
  Optional<Head.Candidate> narrowed(Head head, Head.Candidate candidate) {
    return narrowing.isPresent() ? narrowing.get().of(head, candidate) : Optional.of(candidate);
  }

  boolean isWithdrawn(Head head, Head.Candidate candidate) {
    return withdrawn.stream()
        .anyMatch(
            release ->
                release.channel().equals(head.channel())
                    && release.hardware().equals(head.hardware())
                    && release.version().equals(candidate.version()));
  }

  boolean isNothing() {
    return equals(NONE);
  }

  /**
   * Reads a change as docs/reference/http-api.md describes it; without any member it asks who is
   * stranded as things are.
   *
   * @param keys finds a key by its name or identifier, or throws
   * @throws RejectedException when a member is malformed, or not known: a question about less than
   *     was meant has a harmless answer
   */
  static Change read(String product, Fields fields, Function<String, KeyEntry> keys)
      throws RejectedException {
    for (String name : fields.names()) {
      if (!MEMBERS.contains(name)) {
        throw fields.malformed(
            name, "not known: one of " + new TreeSet<>(MEMBERS) + " is expected");
      }
    }
    List<KeyEntry> retired = new ArrayList<>();
    for (String key : strings(fields, "retireKeys")) {
      retired.add(keys.apply(key));
    }
    List<ReleaseName> withdrawn = new ArrayList<>();
    if (fields.has("withdraw")) {
      for (Fields release : fields.objects("withdraw", MAX)) {
        withdrawn.add(
            new ReleaseName(
                product,
                release.name("channel"),
                release.name("hardware"),
                ImageVersion.parseLenient(release.string("version"))));
      }
    }
    List<ImageVersion> pruned = new ArrayList<>();
    for (String version : strings(fields, "prune")) {
      pruned.add(ImageVersion.parseLenient(version));
    }
    return new Change(
        retired,
        tls(fields),
        withdrawn,
        pruned,
        fields.has("minStrengthBits") ? (int) fields.integer("minStrengthBits", 1, MAX_BITS) : 0,
        fields.has("hybridManifests") && fields.bool("hybridManifests"),
        Set.copyOf(strings(fields, "endLineages")),
        Set.copyOf(strings(fields, "fixBootloaders")),
        Optional.empty(),
        fields.has("at") ? Optional.of(fields.time("at")) : Optional.empty());
  }

  private static TlsReduction tls(Fields fields) throws RejectedException {
    Set<String> closed = new HashSet<>(strings(fields, "closeListeners"));
    if (fields.has("closeListener")) {
      closed.add(fields.name("closeListener"));
    }
    if (!fields.has("dropTls")) {
      return TlsReduction.closing(closed);
    }
    Fields dropped = fields.object("dropTls");
    Set<Integer> ports = new HashSet<>();
    for (String port : strings(dropped, "ports")) {
      ports.add(port(dropped, port));
    }
    return new TlsReduction(
        closed,
        Set.copyOf(strings(dropped, "versions")),
        Set.copyOf(strings(dropped, "suites")),
        Set.copyOf(strings(dropped, "groups")),
        ports);
  }

  private static int port(Fields fields, String text) throws RejectedException {
    try {
      int port = Integer.parseInt(text);
      if (port > 0 && port <= MAX_PORT) {
        return port;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw fields.malformed("ports", "'" + text + "' is no port: 1 to 65535 is expected");
  }

  private static List<String> strings(Fields fields, String name) throws RejectedException {
    return fields.has(name) ? fields.strings(name, MAX) : List.of();
  }
}
