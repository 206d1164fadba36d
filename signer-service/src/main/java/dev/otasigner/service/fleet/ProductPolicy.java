package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a product demands of its builds, of who asks for them, and of its catalogue. Lists that are
 * empty demand nothing.
 *
 * @param formats of images that may be signed
 * @param hardware ids that may be signed for, of those that are registered
 * @param evenMajorsOnly odd major versions are internal: they are never released to {@code
 *     stableChannels}, and not even signed when none is named
 * @param stableChannels see {@code evenMajorsOnly}
 * @param maxCounterStep by how much one build may raise the security counter
 * @param keys what signing keys have to be
 * @param approvals different people who have to approve each request, where the workers' own
 *     configuration does not ask for more
 * @param emergencyApprovals as {@code approvals}, of an emergency request; 0 when there are none
 * @param requesters who may ask for signatures: {@code user:NAME} or {@code api-key:NAME}, or the
 *     beginning of such names with a star behind it
 * @param bareDigests digests may be signed of images that are assembled elsewhere, unjudged
 * @param timestampDays how long a withdrawal may take to reach a device
 * @param automaticStop when a rollout ends by itself, unless the release says otherwise
 */
public record ProductPolicy(
    Set<ImageFormat> formats,
    List<String> hardware,
    boolean evenMajorsOnly,
    List<String> stableChannels,
    long maxCounterStep,
    List<KeyDemand> keys,
    int approvals,
    int emergencyApprovals,
    List<String> requesters,
    boolean bareDigests,
    int timestampDays,
    Optional<AutomaticStop> automaticStop) {

  /** What holds for a product of which nothing is said. */
  public static final ProductPolicy DEFAULT =
      new ProductPolicy(
          Set.of(),
          List.of(),
          false,
          List.of(),
          1,
          List.of(),
          0,
          0,
          List.of(),
          false,
          7,
          Optional.empty());

  private static final Set<String> MEMBERS =
      Set.of(
          "formats",
          "hardware",
          "evenMajorsOnly",
          "stableChannels",
          "maxCounterStep",
          "keys",
          "approvals",
          "emergencyApprovals",
          "requesters",
          "bareDigests",
          "timestampDays",
          "automaticStop");
  private static final int MAX_LIST = 32;
  private static final int MAX_APPROVALS = 16;
  private static final int MAX_REQUESTER = 300;

  public ProductPolicy {
    formats = Set.copyOf(formats);
    hardware = List.copyOf(hardware);
    stableChannels = List.copyOf(stableChannels);
    keys = List.copyOf(keys);
    requesters = List.copyOf(requesters);
  }

  /**
   * Reads a policy. A member that is not known is refused: a misspelt limit would be no limit.
   *
   * @throws RejectedException MALFORMED
   */
  public static ProductPolicy read(Fields fields) throws RejectedException {
    requireKnown(fields, MEMBERS);
    List<KeyDemand> keys = new ArrayList<>();
    if (fields.has("keys")) {
      for (Fields item : fields.objects("keys", MAX_LIST)) {
        keys.add(KeyDemand.read(item));
      }
    }
    ProductPolicy policy =
        new ProductPolicy(
            formats(fields),
            names(fields, "hardware"),
            fields.has("evenMajorsOnly") && fields.bool("evenMajorsOnly"),
            names(fields, "stableChannels"),
            integer(fields, "maxCounterStep", 0, 0xffff_ffffL, DEFAULT.maxCounterStep),
            keys,
            (int) integer(fields, "approvals", 0, MAX_APPROVALS, 0),
            (int) integer(fields, "emergencyApprovals", 0, MAX_APPROVALS + 1, 0),
            requesters(fields),
            fields.has("bareDigests") && fields.bool("bareDigests"),
            (int) integer(fields, "timestampDays", 1, 90, DEFAULT.timestampDays),
            fields.has("automaticStop")
                ? Optional.of(AutomaticStop.read(fields.object("automaticStop")))
                : Optional.empty());
    if (policy.emergencyApprovals != 0 && policy.emergencyApprovals <= policy.approvals) {
      throw fields.malformed("emergencyApprovals", "more than approvals are expected, or none");
    }
    return policy;
  }

  static void requireKnown(Fields fields, Set<String> members) throws RejectedException {
    for (String name : fields.names()) {
      if (!members.contains(name)) {
        throw fields.malformed(name, "no member of a policy");
      }
    }
  }

  private static Set<ImageFormat> formats(Fields fields) throws RejectedException {
    Set<ImageFormat> formats = EnumSet.noneOf(ImageFormat.class);
    if (fields.has("formats")) {
      for (String code : fields.strings("formats", MAX_LIST)) {
        ImageFormat format = ImageFormat.ofCode(code);
        if (format == null) {
          throw fields.malformed("formats", code + " is no image format");
        }
        formats.add(format);
      }
    }
    return formats;
  }

  private static List<String> names(Fields fields, String member) throws RejectedException {
    List<String> names = fields.has(member) ? fields.strings(member, MAX_LIST) : List.of();
    for (String name : names) {
      if (!Fields.isName(name)) {
        throw fields.malformed(member, "a name of [a-z0-9-]{1,32} is expected");
      }
    }
    return names;
  }

  private static List<String> requesters(Fields fields) throws RejectedException {
    List<String> requesters =
        fields.has("requesters") ? fields.strings("requesters", MAX_LIST) : List.of();
    for (String requester : requesters) {
      if (requester.length() > MAX_REQUESTER || requester.indexOf(':') <= 0) {
        throw fields.malformed(
            "requesters", "such as user:NAME, api-key:NAME or api-key:* is expected");
      }
    }
    return requesters;
  }

  private static long integer(Fields fields, String name, long min, long max, long otherwise)
      throws RejectedException {
    return fields.has(name) ? fields.integer(name, min, max) : otherwise;
  }

  /** Whether this actor may ask for signatures. */
  public boolean admits(String requester) {
    return requesters.isEmpty()
        || requesters.stream()
            .anyMatch(
                known ->
                    known.endsWith("*")
                        ? requester.startsWith(known.substring(0, known.length() - 1))
                        : requester.equals(known));
  }

  /** The longest that a catalogue of the product says nothing new. */
  public Duration timestampLifetime() {
    return Duration.ofDays(timestampDays);
  }

  /** The policy as requests are judged by it; its digest stands in what is approved. */
  public Digest digest() {
    return Digest.of(toJson().canonicalBytes());
  }

  /** Every member that demands something; what is not there is as by default. */
  public Json.Obj toJson() {
    Json.Builder json =
        Json.object()
            .put("evenMajorsOnly", evenMajorsOnly)
            .put("maxCounterStep", maxCounterStep)
            .put("timestampDays", timestampDays);
    if (!formats.isEmpty()) {
      json.put(
          "formats",
          Json.strings(
              Arrays.stream(ImageFormat.values())
                  .filter(formats::contains)
                  .map(ImageFormat::code)
                  .toList()));
    }
    putSome(json, "hardware", hardware);
    putSome(json, "stableChannels", stableChannels);
    putSome(json, "requesters", requesters);
    if (!keys.isEmpty()) {
      json.put("keys", keys.stream().map(KeyDemand::toJson).toList());
    }
    if (approvals > 0) {
      json.put("approvals", approvals);
    }
    if (emergencyApprovals > 0) {
      json.put("emergencyApprovals", emergencyApprovals);
    }
    if (bareDigests) {
      json.put("bareDigests", true);
    }
    automaticStop.ifPresent(stop -> json.put("automaticStop", stop.toJson()));
    return json.build();
  }

  private static void putSome(Json.Builder json, String name, List<String> values) {
    if (!values.isEmpty()) {
      json.put(name, Json.strings(values));
    }
  }
}
