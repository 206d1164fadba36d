package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.Optional;

/** What holders have signed, as it came. */
record HandedIn(Optional<Json.Obj> root, Optional<Json.Obj> targets) {

  static HandedIn read(Json.Obj body) throws RejectedException {
    Fields fields = new Fields(body, "");
    HandedIn read =
        new HandedIn(
            fields.optionalObject("root").map(Fields::json),
            fields.optionalObject("targets").map(Fields::json));
    if (read.root.isEmpty() && read.targets.isEmpty()) {
      throw fields.malformed("root", "a root, a targets role or both are expected");
    }
    return read;
  }

  Json.Obj toJson() {
    Json.Builder json = Json.object();
    root.ifPresent(file -> json.put("root", file));
    targets.ifPresent(file -> json.put("targets", file));
    return json.build();
  }
}
