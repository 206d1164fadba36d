package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.stereotype.Component;

/**
 * Hashes passwords with Argon2id. Two at a time: each takes 19 MiB, and whoever tries many
 * passwords at once shall wait, not the service. Nor do more wait than the service has threads to
 * spare: the others are sent away.
 */
@Component
class Passwords {
  private static final int MIN_LENGTH = 12;
  private static final int MAX_LENGTH = 256;
  // OWASP password storage cheat sheet: Argon2id with 19 MiB, 2 iterations, 1 lane.
  private static final int MEMORY_KIB = 19 * 1024;
  private static final int ITERATIONS = 2;
  // No vowels and no look-alikes: 31 symbols, 20 of them carry 99 bits.
  private static final String SYMBOLS = "BCDFGHJKLMNPQRSTVWXZ23456789bdg";
  private static final int ONE_TIME_LENGTH = 20;

  private final Argon2PasswordEncoder argon2 =
      new Argon2PasswordEncoder(16, 32, 1, MEMORY_KIB, ITERATIONS);
  private final SecureRandom random = new SecureRandom();
  private static final int SEATS = 2;

  /** Of the threads that answer requests, a quarter. */
  static final int WAITING = 14;

  private final Semaphore places = new Semaphore(SEATS + WAITING);
  private final Semaphore seats = new Semaphore(SEATS);
  private volatile String nobodysHash = "";

  /** How they are kept, in a sentence. */
  static String kept() {
    return "Passwords of "
        + MIN_LENGTH
        + " to "
        + MAX_LENGTH
        + " characters are kept as Argon2id hashes ("
        + MEMORY_KIB / 1024
        + " MiB, "
        + ITERATIONS
        + " iterations, a salt each).";
  }

  String hash(String password) {
    return inTurn(() -> String.valueOf(argon2.encode(password)));
  }

  boolean matches(String password, String hash) {
    if (password.length() > MAX_LENGTH || !isText(password)) {
      return false;
    }
    return inTurn(() -> argon2.matches(password, hash));
  }

  /** Halves of a surrogate pair have no bytes that could be hashed. */
  private static boolean isText(String password) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(password);
  }

  int placesLeft() {
    return places.availablePermits();
  }

  /**
   * Waits for a seat, and works in it.
   *
   * @throws SignerException TOO_MANY_REQUESTS when too many wait already
   */
  <T> T inTurn(Supplier<T> work) {
    if (!places.tryAcquire()) {
      throw new SignerException(
          ProblemType.TOO_MANY_REQUESTS,
          "too many passwords are being checked",
          Map.of("retryAfterSeconds", new Json.Num(1)));
    }
    try {
      seats.acquireUninterruptibly();
      try {
        return work.get();
      } finally {
        seats.release();
      }
    } finally {
      places.release();
    }
  }

  /** Takes as long as a wrong password, so that no answer's time tells which users exist. */
  void matchNobody(String password) {
    String hash = nobodysHash;
    if (hash.isEmpty()) {
      hash = hash(oneTime());
      nobodysHash = hash;
    }
    boolean ignored = matches(password, hash);
    assert !ignored;
  }

  /** A password that a person can type once. */
  String oneTime() {
    StringBuilder password = new StringBuilder();
    for (int i = 0; i < ONE_TIME_LENGTH; i++) {
      if (i > 0 && i % 5 == 0) {
        password.append('-');
      }
      password.append(SYMBOLS.charAt(random.nextInt(SYMBOLS.length())));
    }
    return password.toString();
  }

  /** Refuses what is too short, too long, or the user's name in disguise. */
  static void requireAcceptable(String user, String password) {
    if (password.length() < MIN_LENGTH || password.length() > MAX_LENGTH) {
      throw new SignerException(
          ProblemType.BAD_REQUEST,
          "a password has " + MIN_LENGTH + " to " + MAX_LENGTH + " characters");
    }
    if (!isText(password)) {
      throw new SignerException(ProblemType.BAD_REQUEST, "a password is text");
    }
    if (password.contains(user) && password.length() < user.length() + MIN_LENGTH) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "the password is little more than the user's name");
    }
  }
}
