package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.Token;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The worker's own word on its token, on who approves and what each key may do: {@code {schema,
 * token, approvers, rules, defaults, pending}}. A file that only the worker's user reads and
 * writes, and never a row of the database. A member that is not known is an error here: a misspelt
 * limit must not be no limit.
 *
 * @param token where the token lies that the worker opens itself: an RFC 7512 URI; absent where it
 *     is given one
 * @param defaults what a key gets that is made through the worker, by purpose; a purpose that is
 *     not listed gets no keys
 * @param pending names of keys being made; kept so that a crash between key and rule can be mended
 */
public record WorkerConfiguration(
    Optional<String> token,
    List<Approver> approvers,
    Map<Digest, Rule> rules,
    Map<KeyPurpose, Default> defaults,
    Set<String> pending) {
  private static final Set<String> MEMBERS =
      Set.of("schema", "token", "approvers", "rules", "defaults", "pending");
  private static final Set<String> DEFAULT_MEMBERS = Set.of("purpose", "minApprovals", "quota");
  private static final int MAX_BYTES = 16 * 1024 * 1024;
  static final int MAX_RULES = 50_000;
  private static final int MAX_APPROVERS = 1000;

  /** What a new key of a purpose may do. */
  public record Default(int minApprovals, Optional<Long> quota) {
    Limits limits() {
      return new Limits(Optional.empty(), Optional.empty(), quota);
    }

    Rule rule(Digest keyId, KeyPurpose purpose) {
      return new Rule(keyId, purpose, minApprovals, limits());
    }
  }

  public WorkerConfiguration {
    approvers = List.copyOf(approvers);
    // in the order of the file, which people read
    rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
    defaults = Collections.unmodifiableMap(new LinkedHashMap<>(defaults));
    pending = Collections.unmodifiableSet(new LinkedHashSet<>(pending));
  }

  /** The embedded default: every purpose signs unattended but for those that get no keys. */
  static WorkerConfiguration embedded() {
    Map<KeyPurpose, Default> defaults = new EnumMap<>(KeyPurpose.class);
    for (KeyPurpose purpose : KeyPurpose.values()) {
      if (purpose != KeyPurpose.APPROVAL && purpose != KeyPurpose.BARE_DIGEST) {
        defaults.put(purpose, new Default(0, Optional.empty()));
      }
    }
    return new WorkerConfiguration(Optional.empty(), List.of(), Map.of(), defaults, Set.of());
  }

  /**
   * Reads the file.
   *
   * @throws TokenUnavailable naming file and field when it is malformed or open to others
   */
  static WorkerConfiguration read(Path file) {
    try {
      DurableFile.requireOwnerOnly(file);
      return read(JsonReader.readObject(Files.readAllBytes(file), MAX_BYTES));
    } catch (IOException e) {
      throw new TokenUnavailable("worker configuration: " + e.getMessage(), e);
    } catch (RejectedException e) {
      throw new TokenUnavailable("worker configuration " + file + ": " + e.getMessage(), e);
    }
  }

  private static WorkerConfiguration read(Fields fields) throws RejectedException {
    requireOnly(fields, MEMBERS);
    fields.requireSchema(Set.of());
    List<Approver> approvers = new ArrayList<>();
    Set<Digest> approverKeys = new HashSet<>();
    for (Fields item : fields.objects("approvers", MAX_APPROVERS)) {
      Approver approver = Approver.read(item);
      if (!approverKeys.add(approver.key().keyId())) {
        throw item.malformed("spki", "two approvers with one key");
      }
      approvers.add(approver);
    }
    Map<Digest, Rule> rules = new LinkedHashMap<>();
    for (Fields item : fields.objects("rules", MAX_RULES)) {
      Rule rule = Rule.read(item);
      if (rules.put(rule.keyId(), rule) != null) {
        throw item.malformed("keyId", "two rules for one key");
      }
    }
    Map<KeyPurpose, Default> defaults = new EnumMap<>(KeyPurpose.class);
    for (Fields item : fields.objects("defaults", KeyPurpose.values().length)) {
      requireOnly(item, DEFAULT_MEMBERS);
      Default value = new Default(minApprovals(item), quota(item));
      if (defaults.put(purpose(item), value) != null) {
        throw item.malformed("purpose", "two defaults for one purpose");
      }
    }
    Set<String> pending =
        fields.has("pending")
            ? new LinkedHashSet<>(fields.strings("pending", MAX_RULES))
            : Set.of();
    return new WorkerConfiguration(
        fields.optionalString("token"), approvers, rules, defaults, pending);
  }

  static void requireOnly(Fields fields, Set<String> known) throws RejectedException {
    for (String name : fields.names()) {
      if (!known.contains(name)) {
        throw fields.malformed(name, "a member that the worker does not know");
      }
    }
  }

  static KeyPurpose purpose(Fields fields) throws RejectedException {
    return fields.oneOf("purpose", KeyPurpose::ofCode, "key purpose");
  }

  static int minApprovals(Fields fields) throws RejectedException {
    return (int) fields.integer("minApprovals", 0, WorkerRequest.MAX_APPROVALS);
  }

  static Optional<Long> quota(Fields fields) throws RejectedException {
    return fields.has("quota")
        ? Optional.of(fields.integer("quota", 0, Long.MAX_VALUE))
        : Optional.empty();
  }

  void write(Path file) {
    write(file, Disk.REAL);
  }

  void write(Path file, Disk disk) {
    try {
      DurableFile.replace(file, text().getBytes(StandardCharsets.UTF_8), disk);
    } catch (IOException e) {
      throw new TokenUnavailable(
          "worker configuration " + file + " can not be written: " + e.getMessage(), e);
    }
  }

  /** JSON with a line for each approver, rule and default, since people edit it. */
  private String text() {
    StringBuilder text = new StringBuilder();
    toJson().members().forEach((name, value) -> append(text, name, value));
    return text.append("\n}\n").toString();
  }

  private static void append(StringBuilder text, String name, Json value) {
    text.append(text.isEmpty() ? "{\n  \"" : ",\n  \"").append(name).append("\": ");
    if (value instanceof Json.Arr array && !array.items().isEmpty()) {
      String before = "[\n    ";
      for (Json item : array.items()) {
        text.append(before).append(line(item));
        before = ",\n    ";
      }
      text.append("\n  ]");
    } else {
      text.append(line(value));
    }
  }

  private static String line(Json value) {
    return new String(value.textBytes(), StandardCharsets.UTF_8);
  }

  /**
   * The rule of the key.
   *
   * @throws Refused NO_RULE
   */
  Rule require(Digest keyId) {
    Rule rule = rules.get(keyId);
    if (rule == null) {
      throw new Refused(
          RefusalCode.NO_RULE,
          "the worker's configuration has no rule for key " + keyId.abbreviated());
    }
    return rule;
  }

  /** Whoever can ask for signatures could else approve them too. */
  void requireNoApproverKeyIn(Token token) {
    if (token instanceof Token.Listing listing) {
      listing.keys().forEach(key -> requireNoApproverKey(key.keyId()));
    }
  }

  void requireNoApproverKey(Digest keyId) {
    for (Approver approver : approvers) {
      if (approver.key().keyId().equals(keyId)) {
        throw new TokenUnavailable(
            "worker configuration: the key of approver "
                + approver.person()
                + " lies in the worker's own token");
      }
    }
  }

  /**
   * Demands enough people for the approvals that the rule asks for.
   *
   * @return the rule
   * @throws NotSupported when the key could never sign here
   */
  Rule requireApproversFor(Rule rule) {
    long people = approvers.stream().map(a -> Approver.folded(a.person())).distinct().count();
    if (people < rule.minApprovals()) {
      throw new NotSupported(
          "the key needs "
              + rule.minApprovals()
              + " approvals, and the file of the worker that takes it names "
              + people
              + " approvers");
    }
    return rule;
  }

  /**
   * With the name of a key that is about to be made.
   *
   * @throws NotSupported when the file could not be read again with one more key
   */
  WorkerConfiguration withPending(String name) {
    if (rules.size() + pending.size() >= MAX_RULES) {
      throw new NotSupported("the worker's file names " + MAX_RULES + " keys, and takes no more");
    }
    Set<String> names = new LinkedHashSet<>(pending);
    names.add(name);
    return new WorkerConfiguration(token, approvers, rules, defaults, names);
  }

  /** Without the name of a key that was not made. */
  WorkerConfiguration withoutPending(String name) {
    Set<String> names = new LinkedHashSet<>(pending);
    names.remove(name);
    return new WorkerConfiguration(token, approvers, rules, defaults, names);
  }

  /** With this rule, for a key of this name that is no longer being made. */
  WorkerConfiguration with(Rule rule, String name) {
    Map<Digest, Rule> changed = new LinkedHashMap<>(rules);
    changed.put(rule.keyId(), rule);
    Set<String> names = new LinkedHashSet<>(pending);
    names.remove(name);
    return new WorkerConfiguration(token, approvers, changed, defaults, names);
  }

  WorkerConfiguration without(Digest keyId) {
    Map<Digest, Rule> changed = new LinkedHashMap<>(rules);
    changed.remove(keyId);
    return new WorkerConfiguration(token, approvers, changed, defaults, pending);
  }

  Json.Obj toJson() {
    List<Json> defaultItems = new ArrayList<>();
    defaults.forEach(
        (purpose, value) ->
            defaultItems.add(
                Json.object()
                    .put("purpose", purpose.code())
                    .put("minApprovals", value.minApprovals())
                    .put("quota", value.quota().map(Json.Num::new).orElse(null))
                    .build()));
    return Json.object()
        .put("schema", 1)
        .put("token", token.orElse(null))
        .put("approvers", approvers.stream().map(Approver::toJson).toList())
        .put("rules", rules.values().stream().map(Rule::toJson).toList())
        .put("defaults", defaultItems)
        .put("pending", Json.strings(pending))
        .build();
  }
}
