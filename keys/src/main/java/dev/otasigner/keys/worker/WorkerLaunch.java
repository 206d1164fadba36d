package dev.otasigner.keys.worker;

import dev.otasigner.keys.pkcs11.Pkcs11Module;
import dev.otasigner.verifier.Bytes;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.misc.MiscObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;

/**
 * How a worker's process is started.
 *
 * @param command program and arguments; nothing secret, for every user of the machine can read it
 * @param withheld environment variables that it does not get
 */
public record WorkerLaunch(List<String> command, Set<String> withheld) {
  /** Enough for the rules and the journal's numbers of a large fleet. */
  private static final List<String> JVM_OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-Xmx256m",
          "-XX:-UsePerfData",
          // nobody looks into the process with the JDK's own tools
          "-XX:+DisableAttachMechanism",
          Pkcs11Module.JVM_OPTION);

  public WorkerLaunch {
    command = List.copyOf(command);
    withheld = Set.copyOf(withheld);
  }

  /** On the JVM that runs this, with the few libraries that a worker needs. */
  public static WorkerLaunch onThisJvm(Path directory, Set<String> withheld) {
    return onThisJvm(WorkerProgram.class, List.of(), directory, withheld);
  }

  static WorkerLaunch onThisJvm(
      Class<?> program, List<String> options, Path directory, Set<String> withheld) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM_OPTIONS);
    command.addAll(options);
    command.add("-cp");
    command.add(classPath(program));
    command.add(program.getName());
    command.add(directory.toString());
    return new WorkerLaunch(command, withheld);
  }

  /** A command of the operator's, such as one that changes the user; the directory is added. */
  public static WorkerLaunch by(List<String> command, Path directory, Set<String> withheld) {
    List<String> whole = new ArrayList<>(command);
    whole.add(directory.toString());
    return new WorkerLaunch(whole, withheld);
  }

  private static String classPath(Class<?> program) {
    Set<String> places = new LinkedHashSet<>();
    for (Class<?> needed :
        List.of(
            program,
            WorkerProgram.class,
            Bytes.class,
            SubjectPublicKeyInfo.class,
            MiscObjectIdentifiers.class,
            X509CertificateHolder.class)) {
      CodeSource source = needed.getProtectionDomain().getCodeSource();
      try {
        places.add(Path.of(source.getLocation().toURI()).toString());
      } catch (URISyntaxException | RuntimeException e) {
        throw new IllegalStateException(
            "the worker's program does not lie in a file of its own; name a command for it", e);
      }
    }
    return String.join(File.pathSeparator, places);
  }

  ProcessBuilder processBuilder() {
    ProcessBuilder builder = new ProcessBuilder(command);
    withheld.forEach(builder.environment()::remove);
    return builder;
  }
}
