package dev.otasigner.verifier.json;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON value. Numbers are integers: no contract of the house has a fraction. */
public sealed interface Json {

  /** What kind of value this is, in words for an error text. */
  String kind();

  /**
   * An object. Order of members is kept as read; canonical output sorts them.
   *
   * @param members by name
   */
  record Obj(Map<String, Json> members) implements Json {
    public Obj {
      members = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(members));
    }

    @Override
    public String kind() {
      return "object";
    }
  }

  /**
   * An array.
   *
   * @param items in their order
   */
  record Arr(List<Json> items) implements Json {
    public Arr {
      items = List.copyOf(items);
    }

    @Override
    public String kind() {
      return "array";
    }
  }

  /**
   * A string.
   *
   * @param value without escapes; of what was read, without lone surrogates
   */
  record Str(String value) implements Json {
    @Override
    public String kind() {
      return "string";
    }
  }

  /**
   * An integer.
   *
   * @param value 64 bits with sign: what is read beyond them is refused
   */
  record Num(long value) implements Json {
    @Override
    public String kind() {
      return "integer";
    }
  }

  /**
   * True or false.
   *
   * @param value which of them
   */
  record Bool(boolean value) implements Json {
    @Override
    public String kind() {
      return "boolean";
    }
  }

  /** The value null. */
  record Null() implements Json {
    @Override
    public String kind() {
      return "null";
    }
  }

  /** OLPC canonical JSON, in UTF-8: the bytes that are signed and digested (TUF 4.1). */
  default byte[] canonicalBytes() {
    return CanonicalJson.write(this);
  }

  /** A document of RFC 8259 to be written, sent or published; sorted, without spaces. */
  default byte[] textBytes() {
    return CanonicalJson.text(this);
  }

  /** An object to be filled. */
  static Builder object() {
    return new Builder();
  }

  /** An array of strings, in the order given. */
  static Json strings(Iterable<String> values) {
    java.util.ArrayList<Json> items = new java.util.ArrayList<>();
    values.forEach(v -> items.add(new Str(v)));
    return new Arr(items);
  }

  /** Builds an object member by member; a null value leaves its member out. */
  final class Builder {
    private final java.util.LinkedHashMap<String, Json> members = new java.util.LinkedHashMap<>();

    private Builder() {}

    /** Any value; one under the same name is replaced. */
    public Builder put(String name, @Nullable Json value) {
      if (value != null) {
        members.put(name, value);
      }
      return this;
    }

    /** A string. */
    public Builder put(String name, @Nullable String value) {
      return value == null ? this : put(name, new Str(value));
    }

    /** An integer. */
    public Builder put(String name, long value) {
      return put(name, new Num(value));
    }

    /** True or false. */
    public Builder put(String name, boolean value) {
      return put(name, new Bool(value));
    }

    /** A time as {@link Times#format} spells it, to the second. */
    public Builder put(String name, @Nullable Instant value) {
      return value == null ? this : put(name, Times.format(value));
    }

    /** A digest in lower-case hex. */
    public Builder put(String name, @Nullable Digest value) {
      return value == null ? this : put(name, value.hex());
    }

    /** Bytes in standard base64 with padding. */
    public Builder putBase64(String name, Bytes value) {
      return put(name, value.base64());
    }

    /** An array. */
    public Builder put(String name, List<? extends Json> values) {
      return put(name, new Arr(List.copyOf(values)));
    }

    /** The object with what was put so far. */
    public Obj build() {
      return new Obj(members);
    }
  }
}
