package dev.otasigner.keys;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One holder at a time of a directory, with a fencing number that rises at each taking. Each taking
 * has a file of its own, {@code NAME.NUMBER.lock}, which nobody else can make: it is the claim to
 * the number, and the operating system's lock on it is free once its holder is dead. Whoever is
 * frozen keeps that lock; so a {@link Lease} may end too, by which the next number is claimed from
 * under a holder that shows no life. It finds out the next time it asks, and must ask after
 * everything that it did and before anybody learns of it.
 */
public final class ExclusiveLock implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(50);
  private static final int SIGN_BYTES = 20;

  private final Numbers numbers;
  private final long number;
  private final FileChannel channel;
  private final Object fileKey;
  private final boolean seized;
  private volatile @Nullable Thread beating;

  private ExclusiveLock(Numbers numbers, long number, Claim claim, boolean seized) {
    this.numbers = numbers;
    this.number = number;
    this.channel = claim.channel();
    this.fileKey = claim.fileKey();
    this.seized = seized;
  }

  /** Where the numbers of a lock are. */
  private record Numbers(Path directory, String name, Disk disk) {
    Path file(long number) {
      return directory.resolve(name + "." + number + ".lock");
    }

    /** The highest one that was claimed; a lock of an earlier release counted in one file. */
    long highest() throws IOException {
      Path counted = directory.resolve(name + ".fence");
      long highest = Files.exists(counted) ? number(Files.readString(counted)) : 0;
      try (var files = Files.newDirectoryStream(directory, name + ".*.lock")) {
        for (Path file : files) {
          String text = String.valueOf(file.getFileName());
          String middle =
              text.substring(name.length() + 1, Math.max(name.length() + 1, text.length() - 5));
          if (middle.matches("[1-9][0-9]{0,17}")) {
            highest = Math.max(highest, Long.parseLong(middle));
          }
        }
      }
      return highest;
    }

    private static long number(String mark) throws IOException {
      String text = mark.strip();
      int space = text.indexOf(' ');
      try {
        return Long.parseLong(space < 0 ? text : text.substring(0, space));
      } catch (NumberFormatException e) {
        throw new IOException("a fencing number is expected", e);
      }
    }

    /** What lies before the newest claim is of no use to anybody. */
    void tidy(long own) throws IOException {
      for (long before = own - 1; before > 0 && Files.deleteIfExists(file(before)); before--) {
        // the ones before it went the same way
      }
    }
  }

  /** A file that nobody else has made, locked. */
  private record Claim(FileChannel channel, Object fileKey) {}

  /** What was found of the holder. */
  private record Standing(long number, boolean ended, String sign) {}

  /**
   * Takes the lock {@code NAME} of the directory.
   *
   * @throws TokenUnavailable when somebody holds it
   */
  public static ExclusiveLock take(Path directory, String name) {
    return take(directory, name, false);
  }

  /**
   * Takes it from whoever holds it, dead or alive. For those who know by another lock that the
   * holder is not the one any more.
   */
  public static ExclusiveLock seize(Path directory, String name) {
    return take(directory, name, true);
  }

  private static ExclusiveLock take(Path directory, String name, boolean seizing) {
    Numbers numbers = new Numbers(directory, name, Disk.REAL);
    try {
      ExclusiveLock taken;
      do {
        Standing standing = look(numbers);
        if (!standing.ended() && !seizing) {
          throw new TokenUnavailable(directory + ": another process holds it");
        }
        taken = claim(numbers, standing);
      } while (taken == null && seizing);
      if (taken == null) {
        throw new TokenUnavailable(directory + ": another process holds it");
      }
      return taken;
    } catch (IOException e) {
      throw new TokenUnavailable(directory.resolve(name) + ": " + e.getMessage(), e);
    }
  }

  /**
   * Takes the lock once its holder is dead or has given it back.
   *
   * @param seizing asked at each look whether to take it from under whoever holds it
   */
  public static ExclusiveLock await(
      Path directory, String name, Disk disk, BooleanSupplier seizing) {
    return await(new Numbers(directory, name, disk), LOOK, sign -> seizing.getAsBoolean());
  }

  /**
   * Takes the lock once its holder is dead, has given it back, or shows no life for this long.
   *
   * @param silent told at each look for how long it has shown none
   */
  public static ExclusiveLock await(
      Path directory, String name, Disk disk, Lease lease, Consumer<Duration> silent) {
    Silence silence = new Silence(lease);
    return await(
        new Numbers(directory, name, disk),
        lease.look(),
        sign -> {
          boolean over = silence.isOver(sign, System.nanoTime());
          silent.accept(silence.length());
          return over;
        });
  }

  /** Asked at each look whether the holder, of whom this was seen, is to be overtaken. */
  private interface Overtaking {
    boolean of(String sign);
  }

  private static ExclusiveLock await(Numbers numbers, Duration look, Overtaking overtaking) {
    while (true) {
      try {
        Standing standing = look(numbers);
        boolean overtakes = overtaking.of(standing.number() + " " + standing.sign());
        ExclusiveLock taken = standing.ended() || overtakes ? claim(numbers, standing) : null;
        if (taken != null) {
          return taken;
        }
        Thread.sleep(look.toMillis());
      } catch (NoSuchFileException e) {
        // It was tidied away between two looks: somebody has taken over just now.
      } catch (IOException e) {
        throw new TokenUnavailable(
            numbers.directory().resolve(numbers.name()) + ": " + e.getMessage(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TokenUnavailable("interrupted while the lock was waited for", e);
      }
    }
  }

  private static Standing look(Numbers numbers) throws IOException {
    long highest = numbers.highest();
    Path file = numbers.file(highest);
    if (Files.notExists(file)) {
      return new Standing(highest, true, "");
    }
    try (FileChannel held =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer sign = ByteBuffer.allocate(SIGN_BYTES);
      int read = held.read(sign, 0);
      return new Standing(
          highest,
          isFree(held),
          new String(sign.array(), 0, Math.max(read, 0), StandardCharsets.US_ASCII));
    }
  }

  /** The lock is not kept: the claim of the next number is what counts. */
  private static boolean isFree(FileChannel held) throws IOException {
    try {
      return held.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // held by this very process
    }
  }

  /** The next number; null when somebody else has claimed it. */
  private static @Nullable ExclusiveLock claim(Numbers numbers, Standing before)
      throws IOException {
    long number = before.number() + 1;
    Path temporary = numbers.directory().resolve(DurableFile.TEMPORARY_PREFIX + UUID.randomUUID());
    FileChannel channel =
        FileChannel.open(
            temporary,
            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            DurableFile.ownerOnly(temporary));
    boolean claimed = false;
    try {
      channel.lock();
      Object fileKey =
          Objects.requireNonNull(
              Files.readAttributes(temporary, BasicFileAttributes.class).fileKey(),
              "the file system does not tell files apart");
      String label = numbers.name() + ".lock";
      numbers.disk().write("write " + label, sign(0), part -> channel.write(ByteBuffer.wrap(part)));
      // A link is made by one of several who try.
      numbers
          .disk()
          .step("claim " + label, () -> Files.createLink(numbers.file(number), temporary));
      // Whoever was frozen between looking and claiming may have come too late by several numbers.
      claimed = numbers.highest() == number;
      if (!claimed) {
        Files.deleteIfExists(numbers.file(number));
        return null;
      }
      DurableFile.forceDirectory(numbers.directory());
      numbers.tidy(number);
      return new ExclusiveLock(numbers, number, new Claim(channel, fileKey), !before.ended());
    } catch (FileAlreadyExistsException | NoSuchFileException e) {
      return null;
    } finally {
      Files.deleteIfExists(temporary);
      if (!claimed) {
        channel.close();
      }
    }
  }

  private static byte[] sign(long count) {
    String digits = Long.toString(count);
    return ("0".repeat(SIGN_BYTES - 1 - digits.length()) + digits + "\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Higher at every taking. */
  public long number() {
    return number;
  }

  /**
   * Whether the one before may still be there: frozen, and about to finish whatever it was doing.
   */
  public boolean isSeized() {
    return seized;
  }

  /**
   * Returns only while nobody has taken over.
   *
   * @throws TokenUnavailable otherwise
   */
  public void require() {
    if (!channel.isOpen()) {
      throw new TokenUnavailable("this worker has stopped");
    }
    if (isOvertaken()) {
      throw new TokenUnavailable(
          "another worker has taken over (" + (number + 1) + " after " + number + ")");
    }
  }

  private boolean isOvertaken() {
    Path own = numbers.file(number);
    try {
      Object found = Files.readAttributes(own, BasicFileAttributes.class).fileKey();
      return !fileKey.equals(found) || !Files.notExists(numbers.file(number + 1));
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException e) {
      throw new TokenUnavailable(own + ": " + e.getMessage(), e);
    }
  }

  /**
   * Shows life from now on, until the lock is given back or lost.
   *
   * @param lost told once, from a thread of its own, that another has taken over
   */
  public void keepAlive(Lease lease, Consumer<String> lost) {
    Thread thread = new Thread(() -> beat(lease, lost), "lease");
    thread.setDaemon(true);
    beating = thread;
    thread.start();
  }

  private void beat(Lease lease, Consumer<String> lost) {
    for (long count = 1; channel.isOpen(); count++) {
      try {
        if (isOvertaken()) {
          lost.accept("another has taken over (" + (number + 1) + " after " + number + ")");
          return;
        }
        channel.write(ByteBuffer.wrap(sign(count)), 0);
        channel.force(false);
      } catch (IOException | TokenUnavailable e) {
        // A disk that is away for a while: nobody else sees more of it than this process does.
      }
      try {
        Thread.sleep(lease.look().toMillis());
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Frees the lock: whoever waits for it has it at once. */
  @Override
  public void close() {
    Thread thread = beating;
    if (thread != null && thread != Thread.currentThread()) {
      thread.interrupt();
    }
    try {
      channel.close();
    } catch (IOException e) {
      // The operating system frees the lock with the process at the latest.
    }
  }
}
