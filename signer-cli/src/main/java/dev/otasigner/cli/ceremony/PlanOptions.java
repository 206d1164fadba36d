package dev.otasigner.cli.ceremony;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a plan is to say. */
final class PlanOptions {
  private static final int MAX_KEY_BYTES = 16 * 1024;

  @Option(
      names = "--holder",
      required = true,
      paramLabel = "NAME=PUB.pem",
      description = "A holder and the public half of the holder's key; once for each.")
  private Map<String, Path> holders = new LinkedHashMap<>();

  @Option(
      names = "--threshold",
      required = true,
      paramLabel = "M",
      description = "So many of the holders must sign.")
  private int threshold;

  @Option(
      names = "--unattended-targets",
      description = "Holders sign roots only; the service signs the targets role itself.")
  private boolean unattendedTargets;

  @Option(
      names = "--post-quantum",
      description = "A lineage that demands a post-quantum signature beside a classical one.")
  private boolean postQuantum;

  @Mixin private DateOptions dates = new DateOptions();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "PLAN.yaml")
  private @Nullable Path output;

  Path output() {
    if (output == null) {
      throw CommandFailedException.usage("--output is expected");
    }
    return output;
  }

  Json.Obj order() {
    return Json.object().put("postQuantum", postQuantum).put("targets", unattendedTargets).build();
  }

  /** The plan as YAML, with the keys that the service answered. */
  String plan(Cli cli, LineageOptions lineage, Json answer, Instant now)
      throws IOException, RejectedException {
    StringBuilder text = new StringBuilder();
    text.append("schema: 1\n");
    text.append("product: '").append(lineage.product()).append("'\n");
    text.append("lineage: '").append(lineage.lineage()).append("'\n");
    text.append("postQuantum: ").append(postQuantum).append('\n');
    text.append("signBy: '").append(dates.signBy(now)).append("'\n");
    text.append("expires: '").append(dates.expires(now)).append("'\n");
    text.append("holders:\n");
    for (Map.Entry<String, Path> holder : holders.entrySet()) {
      if (!Fields.isName(holder.getKey())) {
        throw CommandFailedException.usage(
            "--holder " + holder.getKey() + ": a name is 1 to 32 of a-z, 0-9 and -");
      }
      text.append("  '").append(holder.getKey()).append("': |\n");
      byte[] pem = ByteSource.of(holder.getValue()).readAll(MAX_KEY_BYTES);
      String key = new String(pem, StandardCharsets.US_ASCII).strip();
      PublicKeys.read(key, cli.terminal().show(holder.getValue()));
      key.lines().forEach(line -> text.append("    ").append(line).append('\n'));
    }
    String names = "['" + String.join("', '", holders.keySet()) + "']";
    role(text, "root", names);
    if (!unattendedTargets) {
      role(text, "targets", names);
    }
    return text.append(OnlineText.of(answer)).toString();
  }

  private void role(StringBuilder text, String role, String names) {
    text.append(role).append(":\n");
    text.append("  threshold: ").append(threshold).append('\n');
    text.append("  holders: ").append(names).append('\n');
  }
}
