package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.List;
import java.util.Optional;

/**
 * How a list of devices changes.
 *
 * @param set what it is before the others apply; empty for what it is now
 */
record ListChange(Optional<List<String>> set, List<String> add, List<String> remove) {
  ListChange {
    add = List.copyOf(add);
    remove = List.copyOf(remove);
  }

  static ListChange read(Fields fields) throws RejectedException {
    if (!fields.has("set") && !fields.has("add") && !fields.has("remove")) {
      throw fields.malformed("add", "'set', 'add' or 'remove' is expected");
    }
    return new ListChange(
        fields.has("set") ? Optional.of(devices(fields, "set")) : Optional.empty(),
        devices(fields, "add"),
        devices(fields, "remove"));
  }

  private static List<String> devices(Fields fields, String name) throws RejectedException {
    return fields.has(name) ? fields.strings(name, ReleaseDevices.MAX_DEVICES) : List.of();
  }
}
