package dev.otasigner.device.cli;

import dev.otasigner.device.agent.CertificateEndedException;
import dev.otasigner.device.boot.UnbootableException;
import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.verifier.RejectedException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.security.Security;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code signer device ...}: the launcher passes what follows the word {@code device}. */
@Command(
    name = "signer device",
    description = "An emulated device: enrols, updates itself, and shows what it is.",
    subcommands = {
      EnrolCommand.class,
      RunCommand.class,
      StateCommand.class,
      FleetCommand.class,
      ProxyCommand.class
    },
    mixinStandardHelpOptions = true)
public final class Main implements Runnable {
  /**
   * What an old device's TLS never does, whatever else its profile allows. The JDK's own list may
   * at any update take away the suites that a legacy profile is made of; here the profile decides.
   */
  private static final String NEVER =
      "SSLv3, TLSv1, TLSv1.1, RC4, DES, 3DES_EDE_CBC, MD5withRSA, DH keySize < 1024, "
          + "EC keySize < 224, anon, NULL";

  @Spec private @org.jspecify.annotations.Nullable CommandSpec spec;

  public static void main(String[] args) {
    Security.setProperty("jdk.tls.disabledAlgorithms", NEVER);
    PrintWriter out = writer(FileDescriptor.out);
    PrintWriter err = writer(FileDescriptor.err);
    int code = run(args, out, err);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** Runs a command line and returns its exit code. */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler(Main::usage)
        .setExecutionExceptionHandler((e, line, result) -> failure(e, err))
        .execute(args);
  }

  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }

  private static int usage(ParameterException e, String[] args) {
    PrintWriter err = e.getCommandLine().getErr();
    err.println("signer: error: " + e.getMessage());
    err.println(
        "signer: hint: `" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help`");
    return ExitCode.USAGE;
  }

  private static int failure(Exception e, PrintWriter err) {
    if (e instanceof RejectedException refusal) {
      err.println("refused: " + refusal.reason().code() + ": " + refusal.getMessage());
      return ExitCode.REFUSED;
    }
    if (e instanceof FileSystemException trouble && trouble.getReason() == null) {
      err.println("signer: error: " + trouble.getFile() + ": " + reason(trouble));
      return ExitCode.REFUSED;
    }
    if (e instanceof IOException) {
      err.println("signer: error: " + e.getMessage());
      if (e instanceof CertificateEndedException) {
        err.println(
            "signer: hint: POST /api/v1/products/PRODUCT/devices/ID/secret gives another secret,"
                + " `signer device enrol` takes it into a new flash file");
      }
      return e instanceof FlashFileException
              || e instanceof CertificateEndedException
              || e instanceof UnbootableException
              || e instanceof FlashFullException
              || e instanceof FileAlreadyExistsException
          ? ExitCode.REFUSED
          : ExitCode.UNREACHABLE;
    }
    err.println("signer: error: the program has a fault: " + e);
    return ExitCode.REFUSED;
  }

  /** The JDK often names a file and leaves out what is wrong with it. */
  private static String reason(FileSystemException e) {
    return e instanceof AccessDeniedException
        ? "permission denied"
        : e instanceof NoSuchFileException
            ? "no such file or directory"
            : e instanceof FileAlreadyExistsException ? "is there already" : "cannot be used";
  }

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(
          spec.commandLine(), "a command is expected: enrol, run, state, fleet or proxy");
    }
  }
}
