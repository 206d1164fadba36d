package dev.otasigner.system;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.PrivateKeyParts;
import java.net.Socket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows of ADR 1. This module alone sees all others. */
class ArchitectureTests {
  private static final String VERIFIER = "dev.otasigner.verifier..";
  private static final String KEYS = "dev.otasigner.keys..";
  private static final String SERVICE = "dev.otasigner.service..";
  private static final String CLI = "dev.otasigner.cli..";
  private static final String OUTBOUND = "dev.otasigner.service.oidc";
  private static final String HANDLES = "dev.otasigner.keys.pkcs11..";
  private static final String DEVICE = "dev.otasigner.device..";

  private static JavaClasses house;

  @BeforeAll
  static void importHouse() {
    house =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.otasigner");
  }

  @Test
  void everyModuleIsSeenHere() {
    for (String module : new String[] {"verifier", "keys", "service", "cli", "device"}) {
      assertThat(house.stream().anyMatch(c -> c.getName().startsWith("dev.otasigner." + module)))
          .as(module)
          .isTrue();
    }
  }

  @Test
  void verifierDependsOnTheJdkAndBouncyCastleOnly() {
    check(
        classes()
            .that()
            .resideInAPackage(VERIFIER)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(VERIFIER, "java..", "org.bouncycastle..", "org.jspecify.."));
  }

  @Test
  void verifierHasNoNetworkAndNoLogging() {
    check(
        noClasses()
            .that()
            .resideInAPackage(VERIFIER)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "javax.net..", "java.util.logging.."));
  }

  /**
   * What {@code signer report network} says: issuers' keys are fetched, webhooks called, requests
   * handed on from one of several services to another, and handshakes tried where devices dial.
   */
  @Test
  void serviceOpensNoConnectionButToIssuers() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage("dev.otasigner.service..", "dev.otasigner.keys..")
            .and()
            .resideOutsideOfPackages(
                "dev.otasigner.service.webhook", "dev.otasigner.service.replica")
            .and(not(resideInAPackage(OUTBOUND)))
            .and()
            .haveNameNotMatching("dev\\.otasigner\\.service\\.listeners\\.HandshakeTrial(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "java.net.http..",
                "com.nimbusds..",
                "org.springframework.security.oauth2..",
                "org.springframework.web.client..",
                "org.springframework.http.client..")
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching(
                "java\\.net\\.(Http)?URLConnection|java\\.net\\.DatagramSocket"
                    + "|java\\.nio\\.channels\\.(Asynchronous)?SocketChannel"
                    + "|javax\\.net\\.(ssl\\.SSL)?SocketFactory|javax\\.net\\.ssl\\.HttpsURLConnection")
            .orShould()
            .callConstructorWhere(target(owner(assignableTo(Socket.class)))));
  }

  @Test
  void verifierNeverReadsTheClock() {
    check(
        noClasses()
            .that()
            .resideInAPackage(VERIFIER)
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.time.Clock")
            .orShould()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis"));
  }

  @Test
  void verifierHoldsNoPrivateKey() {
    check(
        noClasses()
            .that()
            .resideInAPackage(VERIFIER)
            .should()
            .dependOnClassesThat()
            .haveNameMatching(".*Private(Key|CrtKey)(Parameters)?")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.security.PrivateKey"));
  }

  @Test
  void keysUseOnlyAlgorithmKeyAndDsseTypesOfTheVerifier() {
    check(
        noClasses()
            .that()
            .resideInAPackage(KEYS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                SERVICE,
                CLI,
                DEVICE,
                "dev.otasigner.verifier.tuf..",
                "dev.otasigner.verifier.policy..",
                "dev.otasigner.verifier.catalogue..",
                "dev.otasigner.verifier.manifest..",
                "dev.otasigner.verifier.mcuboot..",
                "dev.otasigner.verifier.device.."));
  }

  @Test
  void privateKeyBytesStayInTheSoftwareToken() {
    check(
        noClasses()
            .that()
            .resideInAPackage(KEYS)
            .and()
            .resideOutsideOfPackage("dev.otasigner.keys.soft..")
            .should()
            .dependOnClassesThat()
            .haveNameMatching(
                "java\\.security\\.PrivateKey"
                    + "|org\\.bouncycastle\\..*(Private(Key|CrtKey).*|AsymmetricKeyParameter)"));
  }

  /** On their way into a module, and nowhere else. */
  @Test
  void thePartsOfAPrivateKeyAreSeenByTheModuleOnly() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages("dev.otasigner.keys.soft..", HANDLES)
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(PrivateKeyParts.class));
  }

  @Test
  void deviceHoldsNoSigningKeyRoom() {
    check(
        noClasses()
            .that()
            .resideInAPackage(DEVICE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(KEYS, SERVICE, CLI));
  }

  @Test
  void serviceKnowsNeitherCliNorDevice() {
    check(
        noClasses()
            .that()
            .resideInAPackage(SERVICE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(CLI, DEVICE));
  }

  @Test
  void cliSpeaksHttpToTheService() {
    check(
        noClasses()
            .that()
            .resideInAPackage(CLI)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(SERVICE, DEVICE));
  }

  /** Besides them, only what they expose: failures, and the passphrase they take and its cost. */
  @Test
  void cliUsesKeysForLocalSigningApprovalsAndBackupsOnly() {
    check(
        noClasses()
            .that()
            .resideInAPackage(CLI)
            .should()
            .dependOnClassesThat(
                resideInAPackage(KEYS)
                    .and(resideOutsideOfPackage("dev.otasigner.keys.local"))
                    .and(resideOutsideOfPackage("dev.otasigner.keys.backup"))
                    .and(resideOutsideOfPackage("dev.otasigner.keys.approval"))
                    .and(not(assignableTo(KeyOperationException.class)))
                    .and(not(type(Passphrase.class)))
                    .and(not(type(Argon2Cost.class)))));
  }

  @Test
  void noStaticMutableState() {
    check(
        com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields()
            .that()
            .areStatic()
            .and()
            .areDeclaredInClassesThat()
            .resideInAPackage("dev.otasigner..")
            .and()
            .doNotHaveModifier(JavaModifier.SYNTHETIC)
            .should()
            .beFinal());
  }

  @Test
  void namesSayTheJobNotTheLayer() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.otasigner..")
            .should()
            .haveNameMatching(".*(Manager|Helper|Utils?|Impl|Handler|Data|Info)")
            .orShould()
            .haveNameMatching(".*\\.(Base|Abstract)[A-Z].*"));
  }

  private static void check(ArchRule rule) {
    rule.check(house);
  }
}
