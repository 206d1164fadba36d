package dev.otasigner.verifier.dsse;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who must have signed: {@code {any:[...]}} or {@code {all:[...]}} over key identifiers and rules.
 */
public sealed interface Rule {
  /** Of one list, keys and nested rules together. */
  int MAX_TERMS = 16;

  /** Lists within one another, the outermost included. */
  int MAX_DEPTH = 4;

  /**
   * Whether it is enough that these have signed.
   *
   * @param signers identifiers of keys whose signatures are valid
   */
  boolean isMetBy(Set<Digest> signers);

  /** The form on the wire: a key as its identifier, a list as an object of one member. */
  Json toJson();

  /** All keys the rule speaks of. */
  Set<Digest> keyIds();

  /**
   * One key.
   *
   * @param keyId SHA-256 of its SubjectPublicKeyInfo
   */
  record Key(Digest keyId) implements Rule {
    @Override
    public boolean isMetBy(Set<Digest> signers) {
      return signers.contains(keyId);
    }

    @Override
    public Json toJson() {
      return new Json.Str(keyId.hex());
    }

    @Override
    public Set<Digest> keyIds() {
      return Set.of(keyId);
    }

    @Override
    public String toString() {
      return keyId.abbreviated();
    }
  }

  /**
   * At least one term.
   *
   * @param terms one or more
   */
  record Any(List<Rule> terms) implements Rule {
    public Any {
      terms = requireTerms(terms);
    }

    @Override
    public boolean isMetBy(Set<Digest> signers) {
      return terms.stream().anyMatch(t -> t.isMetBy(signers));
    }

    @Override
    public Json toJson() {
      return Json.object().put("any", terms.stream().map(Rule::toJson).toList()).build();
    }

    @Override
    public Set<Digest> keyIds() {
      return keyIdsOf(terms);
    }

    @Override
    public String toString() {
      return terms.stream().map(Rule::toString).collect(Collectors.joining(" or ", "(", ")"));
    }
  }

  /**
   * Every term.
   *
   * @param terms one or more
   */
  record All(List<Rule> terms) implements Rule {
    public All {
      terms = requireTerms(terms);
    }

    @Override
    public boolean isMetBy(Set<Digest> signers) {
      return terms.stream().allMatch(t -> t.isMetBy(signers));
    }

    @Override
    public Json toJson() {
      return Json.object().put("all", terms.stream().map(Rule::toJson).toList()).build();
    }

    @Override
    public Set<Digest> keyIds() {
      return keyIdsOf(terms);
    }

    @Override
    public String toString() {
      return terms.stream().map(Rule::toString).collect(Collectors.joining(" and ", "(", ")"));
    }
  }

  /**
   * Reads the object under {@code name}; an empty rule is refused, since it would accept anything.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_TERMS} or {@link #MAX_DEPTH};
   *     MALFORMED, also without a term
   */
  static Rule read(Fields fields, String name) throws RejectedException {
    return read(fields.object(name), 0);
  }

  private static Rule read(Fields rule, int depth) throws RejectedException {
    if (depth >= MAX_DEPTH) {
      throw new RejectedException(Reason.LIMIT_EXCEEDED, "rule nested too deep");
    }
    boolean any = rule.has("any");
    if (any == rule.has("all")) {
      throw rule.malformed("any", "exactly one of 'any' and 'all' is expected");
    }
    String name = any ? "any" : "all";
    List<Rule> terms = new ArrayList<>();
    for (Json item : rule.array(name, MAX_TERMS)) {
      if (item instanceof Json.Str key) {
        terms.add(new Key(Digest.parse(key.value())));
      } else if (item instanceof Json.Obj nested) {
        terms.add(read(new Fields(nested, rule.where(name)), depth + 1));
      } else {
        throw rule.malformed(name, "key identifiers and rules are expected");
      }
    }
    if (terms.isEmpty()) {
      throw rule.malformed(name, "a rule without terms would accept anything");
    }
    return any ? new Any(terms) : new All(terms);
  }

  private static List<Rule> requireTerms(List<Rule> terms) {
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("a rule without terms would accept anything");
    }
    return List.copyOf(terms);
  }

  private static Set<Digest> keyIdsOf(List<Rule> terms) {
    return terms.stream().flatMap(t -> t.keyIds().stream()).collect(Collectors.toUnmodifiableSet());
  }
}
