package dev.otasigner.device.fleet;

import dev.otasigner.device.EmulatedDevice;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.fleet.FleetPlan.Cohort;
import dev.otasigner.device.transport.Backoff;
import dev.otasigner.verifier.ImageVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A device of a fleet and how it fares. One thread at a time has it; others may look. */
final class Member {
  private static final Duration FIRST_WAIT = Duration.ofSeconds(2);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

  private final Cohort cohort;
  private final String id;
  private final int number;
  private final Backoff backoff;
  private final @Nullable Path file;
  private @Nullable Flash memory;
  private int turns;
  private int fruitless;
  private volatile @Nullable ImageVersion version;
  private volatile Standing standing = Standing.WAITING;
  private volatile String reason = "";
  private volatile boolean inFlight;
  private volatile boolean isUpToDate;

  /** Where a device is between its factory and the end of the run. */
  enum Standing {
    /** It has no certificate yet. */
    WAITING,
    ENROLLED,
    /** It was switched on for the last time. */
    ENDED,
    /** The service gave it no certificate. */
    NOT_ENROLLED,
    /** No image in its slots boots. */
    UNBOOTABLE,
    /** The emulator has a fault, or the flash is full or damaged. */
    CRASHED
  }

  Member(Cohort cohort, int number, Optional<Path> flashDirectory, long seed) {
    this.cohort = cohort;
    this.number = number;
    this.id = cohort.deviceId(number);
    this.backoff = new Backoff(FIRST_WAIT, LONGEST_WAIT, Faults.random(seed, id, 0, 4).nextLong());
    this.file = flashDirectory.map(d -> d.resolve(id + ".flash")).orElse(null);
  }

  /** How long it waits after trouble, device time. */
  Backoff backoff() {
    return backoff;
  }

  Cohort cohort() {
    return cohort;
  }

  String id() {
    return id;
  }

  int number() {
    return number;
  }

  Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** Whether an earlier run has left it in its file. */
  boolean isMade() {
    return file != null && Files.exists(file);
  }

  /** It has a certificate, and is in its file. */
  void enrolled() throws IOException {
    try (Flash flash = open()) {
      look(flash);
    }
    standing = Standing.ENROLLED;
  }

  /** It has a certificate, and is this chip. */
  void enrolled(Flash flash) throws IOException {
    memory = flash;
    enrolled();
  }

  /** Its chip; closing it gives a file back, and leaves one in memory as it is. */
  Flash open() throws IOException {
    if (file != null) {
      return Flash.open(file);
    }
    if (memory == null) {
      throw new IllegalStateException(id + " is not enrolled");
    }
    return memory;
  }

  /** The same device in memory once more, not yet switched on. */
  Member copy(long seed) throws IOException {
    if (file != null || memory == null) {
      throw new IllegalStateException(id + " is not in memory");
    }
    Member copy = new Member(cohort, number, Optional.empty(), seed);
    copy.enrolled(memory.copy(PowerSupply.MAINS));
    return copy;
  }

  /** Reads off what it runs. */
  void look(Flash flash) throws IOException {
    version = EmulatedDevice.state(flash).running().version();
  }

  /** Begins a turn, and returns its number, from 1. */
  int begin() {
    inFlight = true;
    return ++turns;
  }

  void pause() {
    inFlight = false;
  }

  /** It came forward, or is where it should be. */
  void succeeded(ImageVersion now, boolean upToDate) {
    version = now;
    isUpToDate = upToDate;
    fruitless = 0;
    backoff.succeeded();
    reason = "";
  }

  /** It did not come forward; returns how often in a row. */
  int failed(String why) {
    reason = why;
    isUpToDate = false;
    return ++fruitless;
  }

  /** Without its doing: the power failed. */
  void interrupted(String why) {
    reason = why;
    isUpToDate = false;
  }

  void end(Standing how, String why) {
    standing = how;
    reason = why;
    inFlight = false;
  }

  int turns() {
    return turns;
  }

  /** What it runs, once it is known. */
  Optional<ImageVersion> version() {
    return Optional.ofNullable(version);
  }

  Standing standing() {
    return standing;
  }

  /** Why it is not further, or empty. */
  String reason() {
    return reason;
  }

  boolean isInFlight() {
    return inFlight;
  }

  /** Whether its last cycle found nothing left to take. */
  boolean isUpToDate() {
    return isUpToDate;
  }
}
