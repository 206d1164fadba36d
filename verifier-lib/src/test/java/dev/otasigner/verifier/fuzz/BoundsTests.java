package dev.otasigner.verifier.fuzz;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.mcuboot.ImageFuzz;
import dev.otasigner.verifier.mcuboot.McubootImage;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hostile input may cost: memory by what is allocated, time by how it grows. */
class BoundsTests {
  private static final int SMALL = 1 << 14;
  private static final int ROUNDS = 6;

  /** Documents of about this many bytes, each of the worst kind in its way. */
  private enum Shape {
    EMPTY_OBJECTS {
      @Override
      String of(int bytes) {
        return densest("{}", 1, bytes);
      }
    },
    SMALL_OBJECTS {
      @Override
      String of(int bytes) {
        return densest("{\"\":0}", 5, bytes);
      }
    },
    NESTED_ARRAYS {
      @Override
      String of(int bytes) {
        return densest("[[[[[[]]]]]]", 21, bytes);
      }
    },
    NUMBERS {
      @Override
      String of(int bytes) {
        return densest("0", 1, bytes);
      }
    },
    ESCAPES {
      @Override
      String of(int bytes) {
        return "\"" + "\\u0001".repeat(bytes / 6) + "\"";
      }
    },
    ONE_STRING {
      @Override
      String of(int bytes) {
        return "\"" + "\u20ac".repeat(bytes / 3) + "\"";
      }
    },
    SPACES {
      @Override
      String of(int bytes) {
        return " ".repeat(bytes) + "0";
      }
    },
    MANY_NAMES {
      @Override
      String of(int bytes) {
        return members(bytes / 12, i -> String.format(Locale.ROOT, "%07d", i));
      }
    },
    /** "Aa" and "BB" have one hash code, and so has every sequence of them. */
    NAMES_OF_ONE_HASH {
      @Override
      String of(int bytes) {
        return members(
            bytes / 37,
            i ->
                IntStream.range(0, 16)
                    .mapToObj(bit -> (i >> bit & 1) == 0 ? "Aa" : "BB")
                    .collect(Collectors.joining()));
      }
    },
    LONG_NAMES_THAT_BEGIN_ALIKE {
      @Override
      String of(int bytes) {
        return members(bytes / 1010, i -> "x".repeat(1000) + String.format(Locale.ROOT, "%05d", i));
      }
    };

    abstract String of(int bytes);

    /** A list of these as dense as the reader takes it, four bytes for what each costs. */
    private static String densest(String value, int cost, int bytes) {
      String item = value + " ".repeat(4 * cost - 1 - value.length()) + ",";
      return "[" + item.repeat(bytes / item.length()) + "0]";
    }

    private static String members(int count, java.util.function.IntFunction<String> name) {
      return IntStream.range(0, count)
          .mapToObj(i -> "\"" + name.apply(i) + "\":0")
          .collect(Collectors.joining(",", "{", "}"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void readingJsonAllocatesNoMoreThanTheDeclaredMultiple(Shape shape) throws Exception {
    byte[] document = shape.of(SMALL).getBytes(UTF_8);
    long allocated = Cost.bytes(() -> JsonReader.read(document, document.length));
    assertThat(allocated)
        .isLessThan((long) JsonReader.MAX_ALLOCATED_PER_BYTE * document.length + 4096);
  }

  @ParameterizedTest
  @EnumSource
  void theCanonicalFormAllocatesNoMoreThanTheDeclaredMultiple(Shape shape) throws Exception {
    byte[] document = shape.of(SMALL).getBytes(UTF_8);
    Json value = JsonReader.read(document, document.length);
    long allocated = Cost.bytes(value::canonicalBytes);
    assertThat(allocated)
        .isLessThan((long) JsonReader.MAX_ALLOCATED_PER_BYTE * document.length + 4096);
  }

  @ParameterizedTest
  @EnumSource
  void readingAndWritingJsonTakesTimeInProportion(Shape shape) throws Exception {
    byte[] small = shape.of(SMALL).getBytes(UTF_8);
    byte[] large = shape.of(16 * SMALL).getBytes(UTF_8);
    requireProportion(
        () -> JsonReader.read(small, small.length).canonicalBytes(),
        () -> JsonReader.read(large, large.length).canonicalBytes(),
        16);
  }

  @Test
  void aDocumentOverItsLimitIsNotEvenDecoded() throws Exception {
    byte[] document = new byte[1 << 20];
    assertThat(
            Cost.bytes(
                () ->
                    assertRefused(Reason.LIMIT_EXCEEDED, () -> JsonReader.read(document, 1 << 19))))
        .isLessThan(64 << 10);
  }

  @Test
  void textOverItsLimitIsNotDecoded() throws Exception {
    Fields fields =
        new Fields(
            Json.object().put("b", "A".repeat(1 << 20)).put("h", "a".repeat(1 << 20)).build(), "");
    assertThat(
            Cost.bytes(
                () -> {
                  assertRefused(Reason.LIMIT_EXCEEDED, () -> fields.base64("b", 1000));
                  assertRefused(Reason.LIMIT_EXCEEDED, () -> fields.hex("h", 1000));
                }))
        .isLessThan(64 << 10);
  }

  /** Payloads of 4 GB, areas of 64 KB, entries of 64 KB, in a file of less than two. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "3db8f396 00000000 2000 0000 ffffff7f 00000000 0000000000000000 00000000",
        "3db8f396 00000000 2000 ffff 00000000 00000000 0000000000000000 00000000 0869ffff",
        "3db8f396 00000000 2000 0000 00000000 00000000 0000000000000000 00000000 0769ffff",
        "3db8f396 00000000 2000 0000 00000000 00000000 0000000000000000 00000000 07690c00 1000ffff 00000000"
      })
  void aLengthWithinAnImageAllocatesNoMoreThanAnArea(String hex) throws Exception {
    byte[] image = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThat(
            Cost.bytes(
                () ->
                    assertRefused(Reason.MALFORMED, () -> McubootImage.read(ByteSource.of(image)))))
        .isLessThan(2 * 65_536 + (64 << 10));
  }

  /** Tags whose lengths promise gigabytes. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "30847fffffff",
        "308200ff 30847fffffff",
        "3080 30800609",
        "300d 06092a864886f70d010101 0500 03847fffffff",
        "30847fffffff 0284 7fffffff"
      })
  void aLengthWithinAKeyAllocatesNothingOfThatSize(String hex) throws Exception {
    Bytes spki = Bytes.copyOf(HexFormat.of().parseHex(hex.replace(" ", "")));
    for (SignatureSuite suite : SignatureSuite.values()) {
      assertThat(Cost.bytes(() -> refused(suite, spki))).isLessThan(256 << 10);
    }
  }

  private static void refused(SignatureSuite suite, Bytes spki) {
    try {
      VerificationKey.of(suite, spki);
    } catch (RejectedException e) {
      return;
    }
    throw new AssertionError("a key in " + spki);
  }

  @Test
  void endlessDataIsReadUpToTheLimitAndOneByteMore() throws Exception {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Fetcher.copy(endless, 10_000, out));
    assertThat(out.size()).isLessThanOrEqualTo(10_000);
  }

  /**
   * Whoever answers for the repository can list any number of keys before a signature is checked.
   */
  @Test
  void keysThatNobodySignsWithAreNotLookedInto() throws Exception {
    TufKey ed25519 = TufKey.of(TestKey.of(SignatureSuite.ED25519).key());
    byte[] keys = targetsThatList(ed25519.toJson());
    byte[] unknown =
        targetsThatList(
            Json.object()
                .put("keytype", "unknown")
                .put("scheme", "ed25519")
                .put("keyval", Objects.requireNonNull(ed25519.toJson().members().get("keyval")))
                .build());
    long looked = Cost.bytes(() -> SignedMetadata.targets(keys, keys.length));
    long passed = Cost.bytes(() -> SignedMetadata.targets(unknown, unknown.length));
    assertThat(looked).isLessThan(passed + passed / 20);
  }

  /** A thousand of these keys, each under its true identifier. */
  private static byte[] targetsThatList(Json.Obj key) {
    Json.Builder keys = Json.object();
    for (int i = 0; i < 1000; i++) {
      Json.Builder numbered = Json.object();
      key.members().forEach(numbered::put);
      Json.Obj one = numbered.put("n", i).build();
      keys.put(Digest.of(one.canonicalBytes()).hex(), one);
    }
    Json.Obj delegations =
        Json.object().put("keys", keys.build()).put("roles", List.<Json>of()).build();
    Json.Obj signed =
        Json.object()
            .put("_type", "targets")
            .put("spec_version", "1.0.34")
            .put("version", 1)
            .put("expires", Instant.EPOCH)
            .put("targets", Json.object().build())
            .put("delegations", delegations)
            .build();
    return SignedMetadata.envelope(signed, List.of());
  }

  static List<Integer> entryTypes() {
    return List.of(0x01, 0x02, 0x10, 0x22, 0x24, 0x25, 0x50, 0xa0);
  }

  /** As many entries as an area holds, each of which somebody looks for. */
  @ParameterizedTest
  @MethodSource("entryTypes")
  void judgingAnImageTakesTimeInProportionToItsEntries(int type) throws Exception {
    byte[] small = entries(type, 500);
    byte[] large = entries(type, 8000);
    requireProportion(
        () -> ImageFuzz.readAndJudge(small, 0), () -> ImageFuzz.readAndJudge(large, 0), 16);
  }

  private static byte[] entries(int type, int count) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        HexFormat.of().parseHex("3db8f396" + "00000000" + "2000" + "0000" + "00".repeat(20)));
    out.writeBytes(HexFormat.of().parseHex("0769"));
    out.write(4 + 4 * count);
    out.write((4 + 4 * count) >> 8);
    for (int i = 0; i < count; i++) {
      out.write(type);
      out.writeBytes(new byte[3]);
    }
    return out.toByteArray();
  }

  /**
   * Fails when growing the input makes the work grow as its square would. The bound lies between,
   * with room for caches and collections: the sixteenfold may cost eighty times as much, where a
   * square would be 256. Each side counts with its cheapest call so far: a busy machine can spoil
   * some of the rounds, and a square stands out in every one of them.
   */
  private static void requireProportion(Cost.Call small, Cost.Call large, int factor)
      throws Exception {
    Cost.nanoseconds(1, large);
    long one = Long.MAX_VALUE;
    long many = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      one = Math.min(one, Cost.nanoseconds(5, small));
      many = Math.min(many, Cost.nanoseconds(2, large));
      if (many < 5.0 * factor * one) {
        return;
      }
    }
    assertThat((double) many / one).as("how often the cost").isLessThan(5.0 * factor);
  }
}
