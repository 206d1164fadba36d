package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Two workers with a software token each, between which keys move. They are killed together, at any
 * step that either of them takes on its disk or its token, and started again.
 */
final class TwoWorkers implements AutoCloseable {
  static final KeySpec SPEC = new KeySpec("k", SignatureSuite.ED25519, KeyPurpose.MANIFEST);
  private static final Set<String> TOLD = Set.of("importKey", "destroy", "sign");

  /** Both processes were killed. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** What a token does instead of giving the signature that it made. */
  interface Fault {
    byte[] of(byte[] signature);
  }

  private final Path directory;
  private int left = Integer.MAX_VALUE;
  final MovingClock clock = new MovingClock();

  /** The moments that were come through, or died at. */
  final Set<String> moments = new TreeSet<>();

  Fault faultHere = signature -> signature;
  Fault faultThere = signature -> signature;
  TokenWorker here;
  TokenWorker there;

  TwoWorkers(Path directory) throws IOException {
    this.directory = directory;
    this.here = open("here");
    this.there = open("there");
  }

  private TokenWorker open(String name) throws IOException {
    Path files = directory.resolve(name + "-token");
    try (Passphrase passphrase = Passphrase.ofPrompt("open sesame".toCharArray())) {
      Token token =
          SoftwareToken.existsIn(files)
              ? SoftwareToken.open(files, passphrase)
              : SoftwareToken.create(files, passphrase, new Argon2Cost(64, 1, 1));
      Path worker = Files.createDirectories(directory.resolve(name));
      return TokenWorker.await(worker, told(name, token), clock, disk(name));
    }
  }

  /** Kills at the moment that comes after this many others. */
  void killAfter(int others) {
    left = others;
  }

  void moment(String what) {
    moments.add(what);
    if (left-- == 0) {
      throw new Killed();
    }
  }

  private Disk disk(String name) {
    return new Disk() {
      @Override
      public void write(String what, byte[] bytes, Sink sink) throws IOException {
        moment(name + ": before " + what);
        int half = bytes.length / 2;
        sink.write(Arrays.copyOf(bytes, half));
        moment(name + ": half done " + what);
        sink.write(Arrays.copyOfRange(bytes, half, bytes.length));
        moment(name + ": after " + what);
      }

      @Override
      public void step(String what, Step step) throws IOException {
        moment(name + ": before " + what);
        step.run();
        moment(name + ": after " + what);
      }
    };
  }

  private Token told(String name, Token token) {
    return (Token)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            token.getClass().getInterfaces(),
            (proxy, method, arguments) -> {
              boolean isTold = TOLD.contains(method.getName());
              if (isTold) {
                moment(name + ": before " + method.getName());
              }
              Object answer;
              try {
                answer = method.invoke(token, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (isTold) {
                moment(name + ": after " + method.getName());
              }
              Fault fault = name.equals("here") ? faultHere : faultThere;
              return method.getName().equals("sign") ? fault.of((byte[]) answer) : answer;
            });
  }

  void restart() throws IOException {
    killAfter(Integer.MAX_VALUE);
    close();
    here = open("here");
    there = open("there");
  }

  /** A person edits the file of a worker, and starts both again. */
  void configure(String name, UnaryOperator<WorkerConfiguration> change) throws IOException {
    Path file = directory.resolve(name).resolve(TokenWorker.CONFIGURATION);
    change.apply(WorkerConfiguration.read(file)).write(file);
    restart();
  }

  /** Where the private key lies here. */
  Path file(TokenKey key) {
    return directory.resolve("here-token").resolve(key.keyId().hex() + ".seal");
  }

  void move(TokenKey key) {
    here.move(key.keyId(), there, () -> {});
  }

  /** A request that somebody makes now. */
  WorkerRequest request(TokenKey key, String content) {
    return request(key, content, clock.instant());
  }

  private static WorkerRequest request(TokenKey key, String content, Instant created) {
    Bytes document =
        Bytes.copyOf(
            Json.object()
                .put("requester", "bob")
                .put("keyIds", Json.strings(List.of(key.keyId().hex())))
                .put("manifest", Digest.of(new byte[] {1}))
                .put("policy", Digest.of(new byte[] {2}))
                .put("created", created)
                .build()
                .canonicalBytes());
    return new WorkerRequest(
        Digest.of(document),
        Optional.of(document),
        key.keyId(),
        Contents.manifest(content),
        List.of());
  }

  @Override
  public void close() {
    try {
      here.close();
    } finally {
      there.close();
    }
  }
}
