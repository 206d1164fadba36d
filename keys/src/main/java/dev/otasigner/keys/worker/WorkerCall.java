package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One operation of {@link Worker} as it goes to another process: there are no others. */
sealed interface WorkerCall {
  Set<String> LIMITS = Set.of("notBefore", "notAfter", "quota");
  Set<String> SPEC = Set.of("name", "suite", "purpose", "notBefore", "notAfter", "quota");

  int MAX_REQUESTS = 1000;
  int MAX_URI_CHARACTERS = 4096;

  /** The call in JSON; the member {@code op} names the operation. */
  Json.Obj toJson();

  /** Asks the worker; see {@link WorkerAnswer} for how the answer is read. */
  Json.Obj ask(Worker worker);

  /** Whether a key is made by it, which takes a token long. */
  default boolean makesKey() {
    return false;
  }

  /** Makes a key. */
  record Create(KeySpec spec) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return ofKey("create", spec).build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.key(worker.create(spec));
    }

    @Override
    public boolean makesKey() {
      return true;
    }
  }

  /** Takes in a private key. */
  record Import(KeySpec spec, Bytes pkcs8) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return ofKey("import", spec).putBase64("pkcs8", pkcs8).build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.key(worker.importKey(spec, pkcs8.toByteArray()));
    }

    @Override
    public boolean makesKey() {
      return true;
    }

    @Override
    public String toString() {
      return "import of " + spec;
    }
  }

  /** Takes in the private key of another worker. */
  record TakeOver(MovedKey key, Bytes pkcs8) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return op("take-over")
          .put("name", key.name())
          .put("suite", key.suite().code())
          .put("rule", key.rule().toJson())
          .putBase64("pkcs8", pkcs8)
          .build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.key(worker.takeOver(key, pkcs8.toByteArray()));
    }

    @Override
    public boolean makesKey() {
      return true;
    }

    @Override
    public String toString() {
      return "taking over of " + key;
    }
  }

  /** Takes up a key that lies in the token. */
  record Adopt(KeySpec spec, String uri) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return ofKey("adopt", spec).put("uri", uri).build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.key(worker.adopt(spec, uri));
    }

    @Override
    public boolean makesKey() {
      return true;
    }
  }

  /** Narrows a key's rule. */
  record Narrow(Digest keyId, Limits limits) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      Json.Builder json = op("narrow").put("keyId", keyId);
      limits.writeTo(json);
      return json.build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.done(() -> worker.narrow(keyId, limits));
    }
  }

  /** Looks for a key by its name. */
  record Find(String name) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return op("find").put("name", name).build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return worker.find(name).map(WorkerAnswer::key).orElseGet(WorkerAnswer::nothing);
    }
  }

  /** What needs no more than a key's identifier, or not even that. */
  record Plain(Operation operation, Optional<Digest> keyId) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return op(operation.code).put("keyId", keyId.orElse(null)).build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return switch (operation) {
        case RULE ->
            worker
                .rule(keyId.orElseThrow())
                .map(rule -> Json.object().put("rule", rule.toJson()).build())
                .orElseGet(WorkerAnswer::nothing);
        case REMAINING -> WorkerAnswer.count(worker.remaining(keyId.orElseThrow()));
        case OUT_OF_SERVICE -> WorkerAnswer.keyIds(worker.outOfService());
        case RETIRE -> WorkerAnswer.done(() -> worker.retire(keyId.orElseThrow()));
        case DESTROY -> WorkerAnswer.done(() -> worker.destroy(keyId.orElseThrow()));
        case PROBE -> WorkerAnswer.done(worker::probe);
      };
    }
  }

  /** Operations without a document of their own. */
  enum Operation {
    RULE("rule", true),
    REMAINING("remaining", true),
    OUT_OF_SERVICE("out-of-service", false),
    RETIRE("retire", true),
    DESTROY("destroy", true),
    PROBE("probe", false);

    private final String code;
    private final boolean ofKey;

    Operation(String code, boolean ofKey) {
      this.code = code;
      this.ofKey = ofKey;
    }
  }

  /** Judges an approval before anything is signed by it. */
  record JudgeApproval(Bytes document, Bytes approval) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return op("judge-approval")
          .putBase64("document", document)
          .putBase64("approval", approval)
          .build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.done(() -> worker.requireApproval(document, approval));
    }
  }

  /** Takes an approval back. */
  record Revoke(Bytes approval) implements WorkerCall {
    @Override
    public Json.Obj toJson() {
      return op("revoke").putBase64("approval", approval).build();
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.done(() -> worker.revoke(approval));
    }
  }

  /** Signs all or none. */
  record Sign(List<WorkerRequest> requests) implements WorkerCall {
    public Sign {
      requests = List.copyOf(requests);
    }

    @Override
    public Json.Obj toJson() {
      return op("sign").put("requests", requests.stream().map(Sign::json).toList()).build();
    }

    private static Json json(WorkerRequest request) {
      return Json.object()
          .put("request", request.request())
          .put("document", request.document().map(Bytes::base64).orElse(null))
          .put("keyId", request.keyId())
          .put("hash", request.input() instanceof SigningInput.Hash hash ? hash.name() : null)
          .putBase64("input", request.input().bytes())
          .put("approvals", Json.strings(request.approvals().stream().map(Bytes::base64).toList()))
          .build();
    }

    private static WorkerRequest read(Fields fields) throws RejectedException {
      WorkerConfiguration.requireOnly(
          fields, Set.of("request", "document", "keyId", "hash", "input", "approvals"));
      byte[] input = fields.base64("input", WorkerProtocol.MAX_BODY_BYTES).toByteArray();
      List<Bytes> approvals = new ArrayList<>();
      for (String text : fields.strings("approvals", WorkerRequest.MAX_APPROVALS)) {
        approvals.add(Bytes.ofBase64(text));
      }
      return new WorkerRequest(
          fields.digest("request"),
          fields.has("document")
              ? Optional.of(fields.base64("document", WorkerProtocol.MAX_BODY_BYTES))
              : Optional.empty(),
          fields.digest("keyId"),
          fields.has("hash")
              ? SigningInput.hash(input, fields.string("hash"))
              : SigningInput.message(input),
          approvals);
    }

    @Override
    public Json.Obj ask(Worker worker) {
      return WorkerAnswer.signatures(worker.sign(requests));
    }
  }

  /**
   * Reads a call.
   *
   * @throws RejectedException when it is no operation of the list, or has a member too many
   * @throws IllegalArgumentException when a value is out of its range
   */
  static WorkerCall read(byte[] body) throws RejectedException {
    Fields fields = JsonReader.readObject(body, WorkerProtocol.MAX_BODY_BYTES);
    String op = fields.string("op");
    return switch (op) {
      case "create" -> {
        requireOnly(fields, SPEC);
        yield new Create(spec(fields));
      }
      case "import" -> {
        requireOnly(fields, SPEC, "pkcs8");
        yield new Import(spec(fields), fields.base64("pkcs8", WorkerProtocol.MAX_BODY_BYTES));
      }
      case "take-over" -> {
        requireOnly(fields, "name", "suite", "rule", "pkcs8");
        Rule rule = Rule.read(fields.object("rule"));
        if (rule.moved().isEmpty()) {
          throw fields.malformed("rule", "a key that moves says when");
        }
        yield new TakeOver(
            new MovedKey(
                fields.name("name"),
                fields.oneOf("suite", SignatureSuite::ofCode, "signature suite"),
                rule),
            fields.base64("pkcs8", WorkerProtocol.MAX_BODY_BYTES));
      }
      case "adopt" -> {
        requireOnly(fields, SPEC, "uri");
        yield new Adopt(spec(fields), uri(fields));
      }
      case "narrow" -> {
        requireOnly(fields, LIMITS, "keyId");
        yield new Narrow(fields.digest("keyId"), Limits.read(fields));
      }
      case "find" -> {
        requireOnly(fields, "name");
        yield new Find(fields.string("name"));
      }
      case "judge-approval" -> {
        requireOnly(fields, "document", "approval");
        yield new JudgeApproval(
            fields.base64("document", WorkerProtocol.MAX_BODY_BYTES),
            fields.base64("approval", WorkerProtocol.MAX_BODY_BYTES));
      }
      case "revoke" -> {
        requireOnly(fields, "approval");
        yield new Revoke(fields.base64("approval", WorkerProtocol.MAX_BODY_BYTES));
      }
      case "sign" -> {
        requireOnly(fields, "requests");
        yield new Sign(requests(fields));
      }
      default -> plain(fields, op);
    };
  }

  private static List<WorkerRequest> requests(Fields fields) throws RejectedException {
    List<WorkerRequest> requests = new ArrayList<>();
    for (Fields item : fields.objects("requests", MAX_REQUESTS)) {
      requests.add(Sign.read(item));
    }
    return requests;
  }

  private static Plain plain(Fields fields, String op) throws RejectedException {
    for (Operation operation : Operation.values()) {
      if (operation.code.equals(op) && operation.ofKey) {
        requireOnly(fields, "keyId");
        return new Plain(operation, Optional.of(fields.digest("keyId")));
      }
      if (operation.code.equals(op)) {
        requireOnly(fields);
        return new Plain(operation, Optional.empty());
      }
    }
    throw fields.malformed("op", "a worker does nothing of this name");
  }

  private static void requireOnly(Fields fields, String... members) throws RejectedException {
    requireOnly(fields, Set.of(), members);
  }

  private static void requireOnly(Fields fields, Set<String> some, String... members)
      throws RejectedException {
    Set<String> known = new java.util.HashSet<>(some);
    known.addAll(List.of(members));
    known.add("op");
    WorkerConfiguration.requireOnly(fields, known);
  }

  private static String uri(Fields fields) throws RejectedException {
    String uri = fields.string("uri");
    if (uri.length() > MAX_URI_CHARACTERS) {
      throw fields.malformed("uri", "over " + MAX_URI_CHARACTERS + " characters");
    }
    return uri;
  }

  private static KeySpec spec(Fields fields) throws RejectedException {
    return new KeySpec(
        fields.name("name"),
        fields.oneOf("suite", SignatureSuite::ofCode, "signature suite"),
        fields.oneOf("purpose", KeyPurpose::ofCode, "key purpose"),
        Limits.read(fields));
  }

  private static Json.Builder ofKey(String op, KeySpec spec) {
    Json.Builder json =
        op(op)
            .put("name", spec.name())
            .put("suite", spec.suite().code())
            .put("purpose", spec.purpose().code());
    spec.limits().writeTo(json);
    return json;
  }

  private static Json.Builder op(String op) {
    return Json.object().put("op", op);
  }
}
