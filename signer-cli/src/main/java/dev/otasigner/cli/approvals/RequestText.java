package dev.otasigner.cli.approvals;

import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Report;
import dev.otasigner.cli.ServiceClient;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Tells a person what a request would sign, what is new in it, and under which policy. */
final class RequestText {
  private static final int MAX_LIST = 64;

  private final ServiceClient service;
  private final StatedRequest request;
  private final Draft draft;
  private final List<String> lines = new ArrayList<>();

  private RequestText(ServiceClient service, StatedRequest request) {
    this.service = service;
    this.request = request;
    this.draft = request.draft();
  }

  static void print(Report report, ServiceClient service, StatedRequest request, Instant now)
      throws RejectedException {
    RequestText text = new RequestText(service, request);
    text.describe();
    text.keys();
    text.lastRelease();
    text.policy();
    text.approvals(now);
    text.lines.forEach(report::line);
  }

  private void line(String what, String words) {
    lines.add(what + " ".repeat(Math.max(1, 18 - what.length())) + Shown.text(words));
  }

  private void describe() throws RejectedException {
    emergency();
    line("request", request.id());
    line(
        "requested",
        "by " + request.document().requester() + " at " + request.stated().string("created"));
    line("build", draft.product() + " " + draft.version());
    line("security counter", Long.toString(draft.securityCounter()));
    line("format", draft.format().code());
    line("hardware", hardware(draft));
    line("profile", draft.profile().hex());
    line(
        "taken from",
        draft.from().isEmpty()
            ? "any version"
            : draft.from().stream()
                .map(range -> range.min() + " to " + range.max())
                .collect(Collectors.joining(", ")));
    line(
        "requires",
        draft.requires().isEmpty()
            ? "no component"
            : draft.requires().stream()
                .map(r -> r.component() + " " + r.min() + " or newer")
                .collect(Collectors.joining(", ")));
    line(
        "bootloader",
        draft
            .bootloader()
            .map(
                next ->
                    next.id()
                        + ", which then boots "
                        + keys(next.anchors().stream().map(BootAnchor::keyId).toList()))
            .orElse("none is brought"));
    for (Draft.Image image : draft.images()) {
      line(
          "image",
          image.name()
              + ", hash "
              + image.hash().code()
              + (image.pure() ? ", signed whole" : "")
              + ", by "
              + (image.keys().isEmpty() ? "no key of its own" : keys(image.keys())));
    }
    StatedRequest.Payload payload = request.payload();
    line("payload", payload.lengthBytes() + " bytes, SHA-256 " + payload.sha256());
    line("what is signed", "SHA-256 " + request.document().digest());
  }

  private static String keys(List<Digest> keyIds) {
    return String.join(", ", keyIds.stream().map(id -> "key " + id.abbreviated()).toList());
  }

  private static String hardware(Draft draft) {
    return draft.hardware().stream()
        .map(h -> h.id() + " (revisions " + String.join(", ", h.revisions()) + ")")
        .collect(Collectors.joining(", "));
  }

  private void keys() throws RejectedException {
    List<Json.Obj> known = Report.items(service.get(path("keys")));
    for (Digest keyId : request.document().keyIds()) {
      String words = "of no name that the service knows";
      for (Json.Obj item : known) {
        Fields key = new Fields(item, "key");
        if (key.string("keyId").equals(keyId.hex())) {
          words =
              key.string("name") + " (" + key.string("purpose") + ", " + key.string("suite") + ")";
        }
      }
      line("with key", keyId.abbreviated() + " " + words);
    }
  }

  /** What an approver looks for first: what is not as it was. */
  private void lastRelease() throws RejectedException {
    Optional<Fields> newest = Optional.empty();
    ImageVersion found = draft.version();
    String builds = path("products", draft.product(), "builds");
    String from = "?limit=2&from=" + ServiceClient.escape(draft.version().toString());
    for (Json.Obj item : Report.items(service.get(builds + from))) {
      Fields build = new Fields(item, "build");
      ImageVersion version = build.version("version");
      if (draft.version().isNewerThan(version)
          && (newest.isEmpty() || version.isNewerThan(found))) {
        newest = Optional.of(build);
        found = version;
      }
    }
    if (newest.isEmpty()) {
      line("last build", "none that is older");
      return;
    }
    Fields before = newest.get();
    line("last build", found.toString());
    line("- counter", change(before.u32("securityCounter"), draft.securityCounter()));
    line("- profile", change(before.digest("profile"), draft.profile()));
    line("- hardware", change(hardware(before), hardware(draft)));
  }

  private static String hardware(Fields build) throws RejectedException {
    List<String> words = new ArrayList<>();
    for (Fields item : build.objects("hardware", MAX_LIST)) {
      words.add(
          item.string("id")
              + " (revisions "
              + String.join(", ", item.strings("revisions", MAX_LIST))
              + ")");
    }
    return String.join(", ", words);
  }

  private static String change(Object before, Object now) {
    return before.equals(now) ? "unchanged, " + now : "CHANGED from " + before + " to " + now;
  }

  private void policy() throws RejectedException {
    Optional<Fields> policy = request.policy();
    if (policy.isEmpty()) {
      line("policy", "was not kept by the release that took the request");
      return;
    }
    List<String> words = PolicyText.of(policy.get());
    line("policy", words.get(0));
    words.subList(1, words.size()).forEach(rule -> line("-", rule));
  }

  /** Why it is not a request like others, before anything else is read. */
  private void emergency() throws RejectedException {
    Optional<Fields> emergency = request.stated().optionalObject("emergency");
    if (emergency.isEmpty()) {
      return;
    }
    line("EMERGENCY", emergency.get().string("reason"));
    List<Fields> waived = emergency.get().objects("waived", MAX_LIST);
    if (waived.isEmpty()) {
      line("- breaks", "no rule of the policy");
    }
    for (Fields rule : waived) {
      line("- breaks", "(" + rule.string("code") + ") " + rule.string("detail"));
    }
  }

  private void approvals(Instant now) throws RejectedException {
    List<StatedRequest.Word> standing = request.standing(now);
    line(
        "approvals",
        standing.size()
            + " of "
            + request.needed()
            + (standing.isEmpty() ? "" : ": ")
            + standing.stream()
                .map(word -> word.approver() + " until " + word.notAfter())
                .collect(Collectors.joining(", ")));
    long missing = Math.max(0, request.needed() - standing.size());
    line("- missing", Long.toString(missing));
  }
}
