package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a row says of a device. A list of manufactured devices says how each left the factory, a
 * last-seen list in which state it was when; one list may do both.
 *
 * @param hardware nothing where the row does not say; so the others
 * @param build that the factory installed
 * @param lastSeen to the microsecond
 * @param version that it ran when it was last seen
 * @param securityCounter u32
 * @param rootVersion u32
 */
record ListedDevice(
    String deviceId,
    Optional<String> hardware,
    Optional<String> revision,
    Optional<ImageVersion> build,
    Optional<String> bootloader,
    Optional<String> channel,
    Optional<ClockClass> clockClass,
    Optional<Instant> lastSeen,
    Optional<ImageVersion> version,
    Optional<Long> securityCounter,
    Optional<Long> rootVersion) {
  static final String DEVICE_ID = "deviceId";

  /** The columns of a list, and the members of its objects. */
  static final List<String> COLUMNS =
      List.of(
          DEVICE_ID,
          "hardware",
          "revision",
          "build",
          "bootloader",
          "channel",
          "clockClass",
          "lastSeen",
          "version",
          "securityCounter",
          "rootVersion");

  private static final long MAX_U32 = 0xffff_ffffL;

  /**
   * Reads a row.
   *
   * @throws RejectedException MALFORMED, with a text that names the column
   */
  static ListedDevice read(ListedRow row) throws RejectedException {
    if (!row.wrong().isEmpty()) {
      throw new RejectedException(Reason.MALFORMED, row.wrong());
    }
    Map<String, String> values = row.values();
    String id = values.getOrDefault(DEVICE_ID, "");
    if (!DeviceKey.isDeviceId(id)) {
      throw malformed(DEVICE_ID, "1 to 64 of [A-Za-z0-9._-] are expected");
    }
    Optional<Instant> lastSeen = time(values.get("lastSeen"));
    for (String state : List.of("version", "securityCounter", "rootVersion")) {
      if (lastSeen.isEmpty() && values.containsKey(state)) {
        throw malformed(state, "of which time is not said: lastSeen is expected beside it");
      }
    }
    return new ListedDevice(
        id,
        text(values, "hardware"),
        text(values, "revision"),
        version(values, "build"),
        text(values, "bootloader"),
        text(values, "channel"),
        clockClass(values.get("clockClass")),
        lastSeen,
        version(values, "version"),
        u32(values, "securityCounter", 0),
        u32(values, "rootVersion", 1));
  }

  /**
   * The device as the factory made it.
   *
   * @throws RejectedException MALFORMED when the row does not say all of it
   */
  Manufacture.Made made(String product) throws RejectedException {
    return new Manufacture.Made(
        new DeviceKey(product, deviceId),
        new Device.Made(
            needed("hardware", hardware), needed("revision", revision), needed("build", build)),
        needed("bootloader", bootloader),
        needed("channel", channel),
        needed("clockClass", clockClass));
  }

  /**
   * The device on record as it is when this is told of it: a row that is not newer than what is
   * known changes nothing, and neither does any row once the device speaks for itself.
   *
   * @throws RejectedException MALFORMED when the row contradicts what the factory made
   * @throws SignerException NOT_FOUND when it names what the product lacks
   */
  Device told(Device device, FactoryStates.Of known) throws RejectedException {
    String board = device.made().hardware();
    requireSame("hardware", hardware, board);
    requireSame("revision", revision, device.made().revision());
    requireSame("build", build, device.made().build());
    bootloader.ifPresent(id -> known.requireBootloader(id, board));
    channel.ifPresent(known::requireChannel);
    Optional<FactoryStates.Running> running = version.map(v -> known.running(v, board));
    if (device.speaksForItself()) {
      return device;
    }
    Report report = device.report();
    if (lastSeen.isEmpty()) {
      if (device.seen().isEmpty()) {
        requireSame("bootloader", bootloader, report.bootloaderId());
        requireSame("channel", channel, report.channel());
        requireSame("clockClass", clockClass, report.clockClass());
      }
      return device;
    }
    Instant at = lastSeen.get();
    if (device.seen().filter(seen -> !seen.at().isBefore(at)).isPresent()) {
      return device;
    }
    String lineage = running.map(FactoryStates.Running::lineage).orElse(report.lineage());
    Optional<FactoryFiles.Build> ran = running.map(FactoryStates.Running::build);
    return new Device(
        device.key(),
        device.made(),
        ran.map(FactoryFiles.Build::built)
            .filter(built -> built.isAfter(device.clockFloor()))
            .orElse(device.clockFloor()),
        new Report(
            report.seq(),
            running.map(FactoryStates.Running::version).orElse(report.version()),
            ran.map(FactoryFiles.Build::manifest).orElse(report.manifest()),
            ran.map(FactoryFiles.Build::profile).orElse(report.profile()),
            bootloader.orElse(report.bootloaderId()),
            securityCounter
                .or(() -> ran.map(FactoryFiles.Build::securityCounter))
                .orElse(report.securityCounter()),
            lineage,
            rootVersion.orElse(lineage.equals(report.lineage()) ? report.rootVersion() : 1),
            channel.orElse(report.channel()),
            clockClass.orElse(report.clockClass()),
            report.components(),
            report.outcome()),
        device.secret(),
        device.certified(),
        device.next(),
        Optional.of(new Device.Sighting(at, Optional.empty())));
  }

  private static <T> void requireSame(String column, Optional<T> said, T recorded)
      throws RejectedException {
    if (said.isPresent() && !said.get().equals(recorded)) {
      throw malformed(
          column, said.get() + " contradicts " + recorded + ", which is on record of the device");
    }
  }

  private static <T> T needed(String column, Optional<T> value) throws RejectedException {
    if (value.isEmpty()) {
      throw malformed(column, "missing, and the device is not on record yet");
    }
    return value.get();
  }

  private static Optional<String> text(Map<String, String> values, String column) {
    return Optional.ofNullable(values.get(column));
  }

  private static Optional<ImageVersion> version(Map<String, String> values, String column)
      throws RejectedException {
    String text = values.get(column);
    try {
      return text == null ? Optional.empty() : Optional.of(ImageVersion.parseLenient(text));
    } catch (RejectedException e) {
      throw e.in(column);
    }
  }

  private static Optional<ClockClass> clockClass(@Nullable String code) throws RejectedException {
    ClockClass known = code == null ? null : ClockClass.ofCode(code);
    if (code != null && known == null) {
      throw malformed("clockClass", "rtc, network or none is expected");
    }
    return Optional.ofNullable(known);
  }

  /** Other systems write times with offsets and fractions. */
  private static Optional<Instant> time(@Nullable String text) throws RejectedException {
    if (text == null) {
      return Optional.empty();
    }
    try {
      Instant time = OffsetDateTime.parse(text).toInstant();
      if (time.isBefore(Instant.EPOCH)) {
        throw malformed("lastSeen", "a time after 1970 is expected");
      }
      return Optional.of(time.truncatedTo(ChronoUnit.MICROS));
    } catch (DateTimeException e) {
      throw malformed("lastSeen", "a time such as 2026-11-22T09:30:00Z is expected");
    }
  }

  private static Optional<Long> u32(Map<String, String> values, String column, long min)
      throws RejectedException {
    String text = values.get(column);
    if (text == null) {
      return Optional.empty();
    }
    try {
      long value = Long.parseLong(text);
      if (value >= min && value <= MAX_U32) {
        return Optional.of(value);
      }
    } catch (NumberFormatException e) {
      // Said below, together with what is out of bounds.
    }
    throw malformed(column, "an integer from " + min + " to " + MAX_U32 + " is expected");
  }

  private static RejectedException malformed(String column, String what) {
    return new RejectedException(Reason.MALFORMED, column + ": " + what);
  }
}
