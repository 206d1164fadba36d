package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Check;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What the audit log keeps of a request, so that it can be told which checks an image passed. */
final class Passed {
  /** Asked of a device that updates, not of a build. */
  private static final Set<Check> OF_THE_MOMENT = EnumSet.of(Check.CATALOGUE, Check.AGENT);

  /** As many as a record has room for; a build of more names them all in its manifest. */
  private static final int MAX_IMAGES = 12;

  private Passed() {}

  /** Every reason that the policy could have had, and had not; an emergency lets some pass. */
  static Map<String, String> policy(RequestDocument document, SigningPlan plan) {
    Set<PolicyCode> passed = PolicyCode.ofRequests();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("digest", document.digest().hex());
    details.put("policy", document.policy().hex());
    details.put("keys", plan.keyIds().stream().map(Digest::hex).collect(Collectors.joining(" ")));
    if (document.emergency().isPresent()) {
      RequestDocument.Emergency emergency = document.emergency().get();
      emergency.waived().forEach(reason -> passed.remove(reason.code()));
      details.put("emergency", emergency.reason());
      details.put("waived", codes(emergency.waived()));
    }
    details.put("checks", passed.stream().map(PolicyCode::code).collect(Collectors.joining(" ")));
    return details;
  }

  static String codes(List<PolicyReason> reasons) {
    return reasons.stream().map(r -> r.code().code()).distinct().collect(Collectors.joining(" "));
  }

  /** The steps of the judgement that the device's own code has taken. */
  static Map<String, String> judgement() {
    return Map.of(
        "checks",
        EnumSet.complementOf(EnumSet.copyOf(OF_THE_MOMENT)).stream()
            .map(Check::code)
            .collect(Collectors.joining(" ")));
  }

  /** The same of a build that was signed elsewhere, with the keys that have validly signed it. */
  static Map<String, String> registered(
      Digest manifest, List<Manifest.Variant> variants, List<SigningKey> signers) {
    Map<String, String> details = made(manifest, variants);
    details.put(
        "keys", signers.stream().map(key -> key.keyId().hex()).collect(Collectors.joining(" ")));
    details.putAll(judgement());
    return details;
  }

  /** What came of it, by digest. */
  static Map<String, String> made(Digest manifest, List<Manifest.Variant> variants) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("manifest", manifest.hex());
    variants.stream()
        .limit(MAX_IMAGES)
        .forEach(variant -> details.put("image-" + variant.name(), variant.sha256().hex()));
    return details;
  }
}
