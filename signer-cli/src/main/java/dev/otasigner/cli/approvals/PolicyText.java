package dev.otasigner.cli.approvals;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A product's policy in words, rule by rule. What is not known here is shown as it stands. */
final class PolicyText {
  private static final int MAX_LIST = 64;
  private static final int MAX_APPROVALS = 100;
  private static final Set<String> KNOWN =
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
          "timestampDays");

  private PolicyText() {}

  static List<String> of(Fields policy) throws RejectedException {
    List<String> rules = new ArrayList<>();
    rules.add(versions(policy));
    rules.add(
        "the security counter rises by at most "
            + policy.integer("maxCounterStep", 0, Long.MAX_VALUE));
    add(rules, policy, "formats", "images of format ");
    add(rules, policy, "hardware", "only for hardware ");
    add(rules, policy, "requesters", "asked for by ");
    if (policy.has("keys")) {
      for (Fields demand : policy.objects("keys", MAX_LIST)) {
        rules.add(demand(demand));
      }
    }
    if (policy.has("approvals")) {
      rules.add("approved by " + people(policy, "approvals"));
    }
    rules.add(
        policy.has("emergencyApprovals")
            ? "in an emergency approved by " + people(policy, "emergencyApprovals")
            : "no emergency requests");
    if (policy.has("bareDigests") && policy.bool("bareDigests")) {
      rules.add("digests of images that nobody has judged may be signed");
    }
    rules.add(
        "a withdrawal takes at most "
            + policy.integer("timestampDays", 0, Integer.MAX_VALUE)
            + " days");
    for (String name : policy.names()) {
      if (!KNOWN.contains(name)) {
        rules.add(name + ": " + policy.members().get(name));
      }
    }
    return rules;
  }

  private static String versions(Fields policy) throws RejectedException {
    if (!policy.bool("evenMajorsOnly")) {
      return "any major version";
    }
    return policy.has("stableChannels")
        ? "odd major versions never in channel "
            + String.join(", ", policy.strings("stableChannels", MAX_LIST))
        : "even major versions only";
  }

  private static void add(List<String> rules, Fields policy, String member, String words)
      throws RejectedException {
    if (policy.has(member)) {
      rules.add(words + String.join(" or ", policy.strings(member, MAX_LIST)));
    }
  }

  private static String people(Fields policy, String member) throws RejectedException {
    long people = policy.integer(member, 0, MAX_APPROVALS);
    return people + (people == 1 ? " person" : " people") + ", or more if a key's rule says so";
  }

  private static String demand(Fields demand) throws RejectedException {
    List<String> words = new ArrayList<>();
    if (demand.has("minStrengthBits")) {
      words.add(
          "have at least " + demand.integer("minStrengthBits", 0, 1024) + " bits of strength");
    }
    if (demand.has("suites")) {
      words.add("include one of " + String.join(", ", demand.strings("suites", MAX_LIST)));
    }
    return demand.string("purpose")
        + " keys since "
        + demand.time("from")
        + " "
        + String.join(", and ", words);
  }
}
