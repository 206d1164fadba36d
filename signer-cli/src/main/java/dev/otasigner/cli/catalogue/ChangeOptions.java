package dev.otasigner.cli.catalogue;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What somebody thinks of doing; all of it at once. */
final class ChangeOptions {
  @Option(
      names = "--retire-key",
      split = ",",
      paramLabel = "KEY",
      description = "Sign with it no more.")
  @Nullable List<String> retireKeys;

  @Option(names = "--close-listener", split = ",", paramLabel = "NAME")
  @Nullable List<String> closeListeners;

  @Option(
      names = "--drop-tls",
      split = ",",
      paramLabel = "WHAT",
      description = "A TLS version, suite, group or port, such as TLSv1.2, x25519 or port:993.")
  @Nullable List<String> dropTls;

  @Option(
      names = "--withdraw",
      split = ",",
      paramLabel = "RELEASE",
      description = "channel/hardware/version")
  @Nullable List<String> withdraw;

  @Option(names = "--prune", split = ",", paramLabel = "VERSION", description = "Delete its bytes.")
  @Nullable List<String> prune;

  @Option(
      names = "--min-strength",
      paramLabel = "BITS",
      description = "Sign no build to come with a suite below.")
  @Nullable Integer minStrengthBits;

  @Option(
      names = "--hybrid-manifests",
      description = "Offer only builds with a classical and a post-quantum signature.")
  boolean hybridManifests;

  @Option(
      names = "--end-lineage",
      split = ",",
      paramLabel = "NAME",
      description = "Sign its metadata no more.")
  @Nullable List<String> endLineages;

  @Option(
      names = "--fix-bootloader",
      split = ",",
      paramLabel = "ID",
      description = "As if it could not be updated.")
  @Nullable List<String> fixBootloaders;

  @Option(
      names = "--at",
      paramLabel = "TIME",
      description = "Let time pass, such as 2030-01-01T00:00:00Z, and renew nothing by hand.")
  @Nullable String at;

  Json.Obj toJson() {
    Json.Builder change = Json.object();
    put(change, "retireKeys", retireKeys);
    put(change, "closeListeners", closeListeners);
    if (dropTls != null) {
      change.put("dropTls", dropped(dropTls));
    }
    if (withdraw != null) {
      change.put("withdraw", withdraw.stream().map(ChangeOptions::release).toList());
    }
    put(change, "prune", prune);
    if (minStrengthBits != null) {
      change.put("minStrengthBits", minStrengthBits);
    }
    if (hybridManifests) {
      change.put("hybridManifests", true);
    }
    put(change, "endLineages", endLineages);
    put(change, "fixBootloaders", fixBootloaders);
    return change.put("at", at).build();
  }

  private static void put(Json.Builder change, String name, @Nullable List<String> values) {
    if (values != null) {
      change.put(name, Json.strings(values));
    }
  }

  private static Json.Obj dropped(List<String> all) {
    List<String> versions = new ArrayList<>();
    List<String> suites = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    List<String> groups = new ArrayList<>();
    for (String one : all) {
      if (one.startsWith("TLSv")) {
        versions.add(one);
      } else if (one.startsWith("TLS_")) {
        suites.add(one);
      } else if (one.startsWith("port:")) {
        ports.add(one.substring("port:".length()));
      } else {
        groups.add(one);
      }
    }
    return Json.object()
        .put("versions", Json.strings(versions))
        .put("suites", Json.strings(suites))
        .put("groups", Json.strings(groups))
        .put("ports", Json.strings(ports))
        .build();
  }

  private static Json.Obj release(String text) {
    String[] parts = text.split("/", -1);
    if (parts.length != 3) {
      throw CommandFailedException.usage(
          "--withdraw: channel/hardware/version is expected, not '" + text + "'");
    }
    return Json.object()
        .put("channel", parts[0])
        .put("hardware", parts[1])
        .put("version", parts[2])
        .build();
  }
}
