package dev.otasigner.cli.audit;

import static dev.otasigner.cli.ServiceClient.escape;
import static dev.otasigner.cli.ServiceClient.path;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.JsonText;
import dev.otasigner.cli.NewFile;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.audit.InclusionProof;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.audit.TreeHash;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of an image, each proved to be in the log before anything of it is shown: what is
 * told is what the log says, not what the service says.
 */
final class ImageEvidence {
  private static final int MAX_RECORDS = 200;

  private final Cli cli;
  private final ExportCheck check;

  ImageEvidence(Cli cli, ExportCheck check) {
    this.cli = cli;
    this.check = check;
  }

  /** What to ask for: an image's own digest, another one, or a build. */
  static String query(
      @Nullable Path file,
      @Nullable String digest,
      @Nullable String product,
      @Nullable String version)
      throws IOException {
    boolean build = product != null && version != null;
    int ways = (file == null ? 0 : 1) + (digest == null ? 0 : 1) + (build ? 1 : 0);
    if (ways != 1 || !build && (product != null || version != null)) {
      throw CommandFailedException.usage(
          "FILE, --digest, or --product and --version: one of them is expected");
    }
    if (file != null) {
      return "?digest=" + sha256(file).hex();
    }
    return digest != null
        ? "?digest=" + escape(digest)
        : "?product="
            + escape(String.valueOf(product))
            + "&version="
            + escape(String.valueOf(version));
  }

  private static Digest sha256(Path file) throws IOException {
    MessageDigest sha256 = Digest.sha256();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        sha256.update(buffer, 0, count);
      }
    }
    return Digest.ofHash(sha256.digest());
  }

  int show(String query, @Nullable Path output) throws IOException, RejectedException {
    Json answer = cli.service().get(path("audit", "image") + query);
    Fields evidence = new Fields((Json.Obj) answer, "evidence");
    Checkpoint head = check.read(evidence.string("checkpoint").getBytes(StandardCharsets.UTF_8));
    List<Fields> records = new ArrayList<>();
    for (Fields proof : evidence.objects("records", MAX_RECORDS)) {
      records.add(proved(proof, head));
    }
    // That it was asked for just now is a record as well, and no news.
    records.removeIf(record -> is(record, "evidence.exported"));
    if (records.isEmpty()) {
      throw CommandFailedException.of(
          ExitCode.REFUSED, "the log knows nothing of " + evidence.string("about"));
    }
    if (output != null) {
      NewFile.write(output, (JsonText.of(answer) + "\n").getBytes(StandardCharsets.UTF_8));
    }
    if (cli.report().json()) {
      cli.report()
          .item(
              Json.object()
                  .put("about", evidence.string("about"))
                  .put("logSize", head.size())
                  .put("records", records.stream().map(Fields::json).toList())
                  .put("more", evidence.bool("more"))
                  .build());
      return 0;
    }
    story(records);
    if (evidence.bool("more")) {
      cli.report().note("there are more records than are shown");
    }
    cli.report()
        .line(
            "proved         "
                + records.size()
                + " records to be in the log of "
                + head.size()
                + (check.hasKey()
                    ? ", signed by the audit key"
                    : "; its signature was not checked"));
    return 0;
  }

  private static Fields proved(Fields proof, Checkpoint head) throws RejectedException {
    byte[] record = proof.string("record").getBytes(StandardCharsets.UTF_8);
    long leaf = proof.integer("leaf", 0, Long.MAX_VALUE);
    new InclusionProof(leaf, head.size(), proof.digests("hashes", 63))
        .verify(TreeHash.leaf(record), head.root());
    Fields read = JsonReader.readObject(record, LogCheck.MAX_RECORD_BYTES);
    if (read.integer("seq", 0, Long.MAX_VALUE) != leaf) {
      throw new RejectedException(Reason.MALFORMED, "record " + leaf + " has another number");
    }
    return read;
  }

  private void story(List<Fields> records) throws RejectedException {
    for (Fields record : records) {
      String at = record.string("at") + "  ";
      String actor = record.string("actor");
      String subject = record.string("subject");
      Map<String, Json> details = record.object("details").members();
      switch (record.string("action")) {
        case "request.received" ->
            tell("asked by", at + actor + ", " + text(details, "product", "version"));
        case "request.judged" -> tell("policy", at + "passed " + text(details, "checks"));
        case "request.refused" -> tell("policy", at + "refused");
        case "request.approve" ->
            tell("approved by", at + text(details, "approver") + ", " + text(details, "approval"));
        case "request.revoke" -> tell("taken back", at + text(details, "approver"));
        case "key.used" ->
            tell(
                "signed with",
                at + subject + ", " + text(details, "purpose") + " key " + text(details, "keyId"));
        case "request.signed", "build.registered" ->
            details.forEach(
                (name, value) -> {
                  if (value instanceof Json.Str digest) {
                    tell(name.startsWith("image-") ? "image" : name, at + digest.value());
                  }
                });
        case "request.accepted" ->
            tell("devices' code", at + "accepted after " + text(details, "checks"));
        case "request.failed" -> tell("failed", at + text(details, "reason"));
        case "release.published", "release.paused", "release.withdrawn", "release.taken-back" ->
            tell(
                record.string("action").substring("release.".length()),
                at + actor + ", " + subject.substring("release:".length()));
        default -> {
          // Steps in between, which the log has and nobody asks for.
        }
      }
    }
  }

  private static String text(Map<String, Json> details, String... names) {
    List<String> texts = new ArrayList<>();
    for (String name : names) {
      texts.add(details.get(name) instanceof Json.Str text ? text.value() : "-");
    }
    return String.join(" ", texts);
  }

  private void tell(String what, String text) {
    cli.report().line(what + " ".repeat(Math.max(1, 15 - what.length())) + text);
  }

  private static boolean is(Fields record, String action) {
    return record.json().members().get("action") instanceof Json.Str text
        && text.value().equals(action);
  }
}
