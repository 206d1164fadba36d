package dev.otasigner.verifier.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.Refusals;
import dev.otasigner.verifier.testing.Vectors;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERSequence;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * C2SP Wycheproof: every signature that it calls valid is accepted by the suite of its group, and
 * every other one is refused; "acceptable" means lax, and is refused. Signatures that none of our
 * suites makes are refused by each of them.
 */
class WycheproofTests {
  private static final int MAX_ITEMS = 1000;
  private static final Map<String, Integer> CURVE_BITS =
      Map.of("secp256r1", 256, "secp384r1", 384, "secp521r1", 521);

  /** How many tests each file ran, so that a reader that reads nothing fails. */
  private record Count(int verified, int unsupported) {
    Count plus(Count other) {
      return new Count(verified + other.verified, unsupported + other.unsupported);
    }
  }

  @TestFactory
  List<DynamicTest> noVerdictDiffersFromWycheproofs(TestReporter reporter) throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : Vectors.files("wycheproof", "_test.json")) {
      tests.add(
          DynamicTest.dynamicTest(
              file.getFileName().toString(),
              () -> {
                byte[] json = Files.readAllBytes(file);
                Fields root = JsonReader.readObject(json, json.length);
                Count count = new Count(0, 0);
                for (Fields group : root.objects("testGroups", MAX_ITEMS)) {
                  count = count.plus(group(root, group));
                }
                assertThat(count.verified + count.unsupported)
                    .isEqualTo((int) root.integer("numberOfTests", 1, 100_000));
                reporter.publishEntry(
                    file.getFileName().toString(),
                    count.verified + " judged, " + count.unsupported + " of no suite of ours");
              }));
    }
    assertThat(tests).hasSize(19);
    return tests;
  }

  private static Count group(Fields root, Fields group) throws IOException, RejectedException {
    String name = suiteName(root, group);
    SignatureSuite suite = SignatureSuite.ofCode(name);
    Bytes spki = Bytes.ofHex(group.string("publicKeyDer"));
    Count count = new Count(0, 0);
    for (Fields test : group.objects("tests", MAX_ITEMS)) {
      String about = name + " tcId " + test.integer("tcId", 1, 100_000);
      Bytes message = Bytes.ofHex(test.string("msg"));
      Bytes signature = Bytes.ofHex(test.string("sig"));
      // FIPS 204: ours is the empty context.
      boolean contextual = !test.optionalString("ctx").orElse("").isEmpty();
      if (suite == null || contextual) {
        if (suite == null) {
          assertRefusedByName(name, spki);
        }
        assertNoSuiteVerifies(about, name, spki, message, signature);
        count = count.plus(new Count(0, 1));
        continue;
      }
      if (group.string("type").equals("EcdsaP1363Verify")) {
        assertThat(verdict(suite, spki, message, signature)).as(about).isNotNull();
        Bytes der = asDer(suite, signature);
        if (der != null) {
          assertVerdict(about, test, verdict(suite, spki, message, der));
        } else {
          assertThat(test.string("result")).as(about + ": not two halves").isNotEqualTo("valid");
        }
      } else {
        assertVerdict(about, test, verdict(suite, spki, message, signature));
      }
      count = count.plus(new Count(1, 0));
    }
    return count;
  }

  private static void assertVerdict(String about, Fields test, @Nullable Reason verdict)
      throws RejectedException {
    assertThat(verdict == null)
        .as(about + " (" + test.string("comment") + "): " + verdict)
        .isEqualTo(test.string("result").equals("valid"));
  }

  /** Whoever trusts a key for a suite outside the registry is told which one. */
  private static void assertRefusedByName(String name, Bytes spki) {
    Json.Obj anchor =
        Json.object()
            .put("keyId", Digest.of(spki))
            .put("suite", name)
            .putBase64("spki", spki)
            .build();
    RejectedException refusal =
        Refusals.assertRefused(
            Reason.UNSUPPORTED_ALGORITHM, () -> Anchor.read(new Fields(anchor, "")));
    assertThat(refusal.actual()).isEqualTo(name);
  }

  /**
   * A suite of the same kind of key says bad signature, every other that the key is not its own.
   */
  private static void assertNoSuiteVerifies(
      String about, String name, Bytes spki, Bytes message, Bytes signature) {
    for (SignatureSuite suite : SignatureSuite.values()) {
      boolean sameKey = keyKind(suite.code()).equals(keyKind(name));
      assertThat(verdict(suite, spki, message, signature))
          .as(about + " under " + suite.code())
          .isEqualTo(sameKey ? Reason.BAD_SIGNATURE : Reason.UNSUPPORTED_ALGORITHM);
    }
  }

  /** Type and size of the key in a suite's name, without hash and padding. */
  private static String keyKind(String name) {
    return name.replaceAll("^rsa-(?:pkcs1|pss)-(\\d+).*", "rsa-$1")
        .replaceAll("^(ecdsa-p\\d+).*", "$1");
  }

  /** The reason of the refusal, or null when accepted. */
  private static @Nullable Reason verdict(
      SignatureSuite suite, Bytes spki, Bytes message, Bytes signature) {
    try {
      VerificationKey.of(suite, spki).verify(message.toByteArray(), signature.toByteArray());
      return null;
    } catch (RejectedException e) {
      return e.reason();
    }
  }

  /** What the group's parameters would be called in the registry, whether or not it is there. */
  private static String suiteName(Fields root, Fields group) throws RejectedException {
    String type = group.string("type");
    switch (type) {
      case "EcdsaVerify", "EcdsaP1363Verify" -> {
        String curve = group.object("publicKey").string("curve");
        return "ecdsa-p" + CURVE_BITS.get(curve) + "-" + hash(group, "sha");
      }
      case "EddsaVerify" -> {
        return group.object("publicKey").string("curve").equals("edwards25519")
            ? "ed25519"
            : "another curve";
      }
      case "MlDsaVerify" -> {
        return root.string("algorithm").toLowerCase(Locale.ROOT);
      }
      case "RsassaPkcs1Verify" -> {
        return "rsa-pkcs1-" + group.integer("keySize", 1, 16384) + "-" + hash(group, "sha");
      }
      case "RsassaPssVerify" -> {
        String name = "rsa-pss-" + group.integer("keySize", 1, 16384) + "-" + hash(group, "sha");
        long salt = group.integer("sLen", 0, 512);
        boolean ours =
            group.string("mgfSha").equals(group.string("sha"))
                && salt * 8 == Integer.parseInt(group.string("sha").substring("SHA-".length()));
        return ours ? name : name + "-mgf1-" + hash(group, "mgfSha") + "-salt-" + salt;
      }
      default -> throw new AssertionError("a type of group that nobody judges: " + type);
    }
  }

  private static String hash(Fields group, String field) throws RejectedException {
    return group.string(field).toLowerCase(Locale.ROOT).replace("-", "");
  }

  /** The same r and s in DER; null when there are not two halves of the curve's size. */
  private static @Nullable Bytes asDer(SignatureSuite suite, Bytes p1363) throws IOException {
    int half = (suite.parameter() + 7) / 8;
    if (p1363.length() != 2 * half) {
      return null;
    }
    byte[] bytes = p1363.toByteArray();
    DERSequence sequence =
        new DERSequence(
            new ASN1Integer[] {
              new ASN1Integer(new BigInteger(1, bytes, 0, half)),
              new ASN1Integer(new BigInteger(1, bytes, half, half))
            });
    return Bytes.copyOf(sequence.getEncoded("DER"));
  }
}
