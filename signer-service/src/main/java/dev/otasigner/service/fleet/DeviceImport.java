package dev.otasigner.service.fleet;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Takes lists of devices that were made, or seen, before this service knew of them. Each row stands
 * for itself: what is wrong with one keeps no other out, and the same list again changes nothing.
 * No list is believed over the device itself, and none hands out secrets.
 */
@Component
class DeviceImport {
  /** Rows of one transaction. */
  static final int BATCH = 1000;

  /** So often a batch is tried while somebody else puts the same devices on record. */
  private static final int TRIES = 3;

  private final DeviceStore store;
  private final CheckIns checkIns;
  private final FactoryStates states;
  private final Settlement settlement;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Clock clock;

  DeviceImport(
      DeviceStore store,
      CheckIns checkIns,
      FactoryStates states,
      Settlement settlement,
      AuditLog audit,
      TransactionTemplate transaction,
      Clock clock) {
    this.store = store;
    this.checkIns = checkIns;
    this.states = states;
    this.settlement = settlement;
    this.audit = audit;
    this.transaction = transaction;
    this.clock = clock;
  }

  /**
   * Reads a list to its end. Rows taken stay taken, even when it breaks off.
   *
   * @param dryRun only judges, each row by what is on record before
   * @return counts, and what is wrong with the first rows that were refused
   * @throws SignerException BAD_REQUEST when no row could be read, or the list broke off; NOT_FOUND
   */
  Json take(String product, ListedRows.Form form, InputStream body, boolean dryRun) {
    FactoryStates.Of known = states.of(product);
    MessageDigest sha256 = Digest.sha256();
    ImportTally tally = new ImportTally();
    boolean isWhole = false;
    try {
      ListedRows rows = form.of(new DigestInputStream(body, sha256));
      List<ListedRow> batch = new ArrayList<>();
      for (Optional<ListedRow> row = rows.next(); row.isPresent(); row = rows.next()) {
        batch.add(row.get());
        if (batch.size() == BATCH) {
          tally.add(taken(known, product, batch, dryRun));
          batch.clear();
        }
      }
      tally.add(taken(known, product, batch, dryRun));
      isWhole = true;
    } catch (IOException e) {
      throw new SignerException(
          ProblemType.BAD_REQUEST,
          "the list broke off after " + tally.rows() + " rows were judged; send it again");
    } finally {
      // Whatever it was that ended the list: what was taken is told.
      if (!dryRun && (isWhole || tally.rows() > 0)) {
        record(product, tally, sha256, isWhole);
      }
    }
    return tally.toJson().put("dryRun", dryRun).build();
  }

  private void record(String product, ImportTally tally, MessageDigest sha256, boolean isWhole) {
    Map<String, String> details = new HashMap<>(tally.details());
    details.put("whole", Boolean.toString(isWhole));
    details.put("sha256", Digest.ofHash(sha256.digest()).hex());
    audit.record("devices.imported", "product:" + product, details);
  }

  private ImportTally taken(
      FactoryStates.Of known, String product, List<ListedRow> rows, boolean dryRun) {
    if (dryRun) {
      return batch(known, product, rows, true);
    }
    for (int tried = 1; ; tried++) {
      try {
        return Objects.requireNonNull(
            transaction.execute(status -> batch(known, product, rows, false)));
      } catch (DataIntegrityViolationException | ConcurrencyFailureException e) {
        if (tried == TRIES) {
          throw e;
        }
      }
    }
  }

  /** A device of a batch, as it was found and as its rows leave it. */
  private record Found(Device device, boolean isNew, boolean isChanged) {}

  private ImportTally batch(
      FactoryStates.Of known, String product, List<ListedRow> rows, boolean dryRun) {
    ImportTally tally = new ImportTally();
    Set<String> ids = new LinkedHashSet<>();
    for (ListedRow row : rows) {
      String id = row.values().get(ListedDevice.DEVICE_ID);
      if (id != null && DeviceKey.isDeviceId(id)) {
        ids.add(id);
      }
    }
    Map<String, Found> found = new LinkedHashMap<>();
    for (Device device : store.find(product, ids)) {
      found.put(device.key().deviceId(), new Found(checkIns.current(device), false, false));
    }
    for (ListedRow row : rows) {
      try {
        take(known, product, ListedDevice.read(row), found, tally);
      } catch (SignerException e) {
        tally.refuse(row.line(), e.detail());
      } catch (RejectedException e) {
        tally.refuse(row.line(), String.valueOf(e.getMessage()));
      }
    }
    if (!dryRun) {
      List<Device> arrived =
          found.values().stream().filter(Found::isNew).map(Found::device).toList();
      store.insert(arrived, settlement.arriving(product, arrived));
      store.retell(
          found.values().stream()
              .filter(f -> f.isChanged() && !f.isNew())
              .map(Found::device)
              .toList());
    }
    return tally;
  }

  private void take(
      FactoryStates.Of known,
      String product,
      ListedDevice listed,
      Map<String, Found> found,
      ImportTally tally)
      throws RejectedException {
    if (listed.lastSeen().filter(clock.instant()::isBefore).isPresent()) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "lastSeen: this time is still to come by the service's clock");
    }
    Found before = found.get(listed.deviceId());
    Device made = before == null ? known.made(listed.made(product)) : before.device();
    Device device = listed.told(made, known);
    if (before == null) {
      found.put(listed.deviceId(), new Found(device, true, true));
      tally.add();
    } else if (device.equals(made)) {
      tally.keep();
    } else {
      found.put(listed.deviceId(), new Found(device, before.isNew(), true));
      tally.update();
    }
  }
}
