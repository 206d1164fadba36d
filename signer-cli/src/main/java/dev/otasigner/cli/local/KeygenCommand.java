package dev.otasigner.cli.local;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.EnumSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes an image key in files of one's own. */
@Command(
    name = "keygen",
    description = {
      "Make an image key of your own, in a file: for trying things out.",
      "A key that releases shall be signed with is made where it stays: signer keys create."
    })
public final class KeygenCommand implements Callable<Integer> {
  private static final int LINE = 64;

  private final Cli cli;

  @Option(
      names = {"-t", "--type"},
      required = true,
      description = "rsa-2048, rsa-3072, ecdsa-p256, ecdsa-p384 or ed25519.")
  private String type = "";

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "KEY.pem",
      description = "The private key; the public one goes to KEY.pub.pem.")
  private Path output = Path.of("");

  public KeygenCommand(Cli cli) {
    this.cli = cli;
  }

  @Override
  public Integer call() throws IOException {
    KeyPair pair = generate(type);
    String name = String.valueOf(output.getFileName());
    Path publicFile =
        output.resolveSibling(
            (name.endsWith(".pem") ? name.substring(0, name.length() - 4) : name) + ".pub.pem");
    byte[] spki = pair.getPublic().getEncoded();
    try {
      write(output, pem("PRIVATE KEY", pair.getPrivate().getEncoded()), "rw-------");
      write(publicFile, pem("PUBLIC KEY", spki), "rw-r--r--");
    } catch (FileAlreadyExistsException e) {
      throw CommandFailedException.usage(cli.terminal().show(Path.of(e.getFile())) + ": exists")
          .hint("a key is never overwritten; choose another name");
    }
    Digest keyId = Digest.of(spki);
    cli.report()
        .result(
            Json.object()
                .put("keyId", keyId)
                .put("type", type)
                .put("privateKey", cli.terminal().show(output))
                .put("publicKey", cli.terminal().show(publicFile))
                .build(),
            type
                + " key "
                + keyId.abbreviated()
                + " in "
                + cli.terminal().show(output)
                + ", its public half in "
                + cli.terminal().show(publicFile));
    return 0;
  }

  /** A key pair of one of the types that bootloaders check. */
  public static KeyPair generate(String type) {
    try {
      KeyPairGenerator generator;
      switch (type) {
        case "rsa-2048", "rsa-3072" -> {
          generator = KeyPairGenerator.getInstance("RSA");
          generator.initialize(Integer.parseInt(type.substring(4)));
        }
        case "ecdsa-p256", "ecdsa-p384" -> {
          generator = KeyPairGenerator.getInstance("EC");
          generator.initialize(
              new ECGenParameterSpec(type.endsWith("256") ? "secp256r1" : "secp384r1"));
        }
        case "ed25519" -> generator = KeyPairGenerator.getInstance("Ed25519");
        default ->
            throw CommandFailedException.usage("--type: no image key is a " + type)
                .hint("rsa-2048, rsa-3072, ecdsa-p256, ecdsa-p384 or ed25519");
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK makes such keys", e);
    }
  }

  /** The bytes as a PEM block. */
  public static String pem(String label, byte[] der) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }

  private static void write(Path file, String text, String permissions) throws IOException {
    try (var channel =
        Files.newByteChannel(
            file,
            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)))) {
      channel.write(java.nio.ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }
  }
}
