package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.AutomaticStop;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.Optional;
import java.util.Set;

/**
 * What is to be listed where. What is left out is as it was when the build was released before.
 *
 * @param bridge see {@link ReleaseTerms}; no bridge when new
 * @param sharePerMille of the fleet, 0 to 1000; everyone when new
 * @param lowerShare the share may be less than it was
 * @param notes see {@link ReleaseTerms}
 * @param automaticStop see {@link ReleaseTerms}
 * @param known devices that the order is known to cut off
 */
public record ReleaseOrder(
    ReleaseName name,
    Optional<Boolean> bridge,
    Optional<Integer> sharePerMille,
    boolean lowerShare,
    Optional<String> notes,
    Optional<AutomaticStop> automaticStop,
    KnownStranded known) {

  private static final Set<String> NAME = Set.of("channel", "hardware", "version");
  private static final Set<String> TERMS =
      Set.of(
          "bridge", "sharePerMille", "lowerShare", "notes", "automaticStop", KnownStranded.MEMBER);

  static ReleaseOrder read(String product, Fields fields) throws RejectedException {
    requireKnown(fields, NAME);
    return terms(
        new ReleaseName(
            product,
            fields.name("channel"),
            fields.name("hardware"),
            ImageVersion.parseLenient(fields.string("version"))),
        fields);
  }

  /** The same for a release that is named already. */
  static ReleaseOrder read(ReleaseName name, Fields fields) throws RejectedException {
    requireKnown(fields, Set.of());
    return terms(name, fields);
  }

  /** A share that is misspelt would be a share for everybody. */
  private static void requireKnown(Fields fields, Set<String> names) throws RejectedException {
    for (String member : fields.names()) {
      if (!names.contains(member) && !TERMS.contains(member)) {
        throw fields.malformed(member, "no member of a release");
      }
    }
  }

  private static ReleaseOrder terms(ReleaseName name, Fields fields) throws RejectedException {
    return new ReleaseOrder(
        name,
        fields.has("bridge") ? Optional.of(fields.bool("bridge")) : Optional.empty(),
        fields.has("sharePerMille")
            ? Optional.of((int) fields.integer("sharePerMille", 0, 1000))
            : Optional.empty(),
        fields.has("lowerShare") && fields.bool("lowerShare"),
        fields.has("notes") ? Optional.of(ReleaseNotes.read(fields, "notes")) : Optional.empty(),
        fields.has("automaticStop")
            ? Optional.of(AutomaticStop.read(fields.object("automaticStop")))
            : Optional.empty(),
        KnownStranded.read(fields));
  }

  /** The same release once more, as it is. */
  static ReleaseOrder again(ReleaseName name) {
    return new ReleaseOrder(
        name,
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        KnownStranded.NOBODY);
  }

  /**
   * How it is offered from now on.
   *
   * @throws SignerException CONFLICT when it would silently reach fewer devices than before
   */
  ReleaseTerms after(Optional<Release> before) {
    int share = sharePerMille.or(() -> before.map(Release::sharePerMille)).orElse(1000);
    int had = before.map(Release::sharePerMille).orElse(0);
    if (share < had && !lowerShare) {
      throw SignerException.conflict(
          "release "
              + name.version()
              + " had a share of "
              + had
              + " per mille, and "
              + share
              + " is less: devices that took it keep it, so nobody is called back; say lowerShare"
              + " to offer it to fewer from now on");
    }
    return new ReleaseTerms(
        bridge.or(() -> before.map(Release::isBridge)).orElse(false),
        share,
        notes.or(() -> before.map(Release::notes)).orElse(""),
        automaticStop.or(() -> before.flatMap(Release::automaticStop)));
  }
}
