package dev.otasigner.cli.image;

import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.BootedImage;
import dev.otasigner.verifier.mcuboot.TrustCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** Would every bootloader that knows these keys boot the image? */
record TrustQuestion(
    Terminal terminal,
    List<Path> keys,
    TrustCheck.Demand rule,
    OptionalLong storedCounter,
    long maxPureBytes) {

  VerifyCommand.Answer ask(Path image) throws IOException, RejectedException {
    List<VerificationKey> trusted = new ArrayList<>();
    for (Path key : keys) {
      trusted.add(PublicKeyFile.imageKey(terminal, key));
    }
    BootedImage booted =
        TrustCheck.judge(ByteSource.of(image), trusted, rule, storedCounter, maxPureBytes);
    Json.Builder document =
        Json.object()
            .put("accepted", true)
            .put("version", booted.version().toString())
            .put("signedBy", booted.signedBy().keyId())
            .put("suite", booted.signedBy().suite().code())
            .put("hash", booted.hash().code());
    booted.securityCounter().ifPresent(counter -> document.put("securityCounter", counter));
    String counter =
        booted.securityCounter().isPresent()
            ? ", security counter " + booted.securityCounter().getAsLong()
            : ", no security counter";
    return new VerifyCommand.Answer(
        document.build(),
        "accepted, version "
            + booted.version()
            + counter
            + ", signed by "
            + booted.signedBy().keyId().abbreviated()
            + " ("
            + booted.signedBy().suite().code()
            + ")",
        suites(trusted, booted));
  }

  /** With all of the keys, each one's; else that of the signature that decided. */
  private Set<SignatureSuite> suites(List<VerificationKey> trusted, BootedImage booted) {
    return rule == TrustCheck.Demand.ALL
        ? trusted.stream().map(VerificationKey::suite).collect(Collectors.toSet())
        : Set.of(booted.signedBy().suite());
  }
}
