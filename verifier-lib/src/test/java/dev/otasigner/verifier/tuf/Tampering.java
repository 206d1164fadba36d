package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Changes that no well-meant writer can make. */
final class Tampering {
  private Tampering() {}

  interface Change {
    Json to(Json.Obj before);
  }

  /** The signed object of a role as last published. */
  static Json.Obj signed(RepositorySimulator repository, String role) throws RejectedException {
    byte[] bytes = repository.latest(role);
    return JsonReader.readObject(bytes, bytes.length).object("signed").json();
  }

  static KeySignature signature(TestKey key, Json.Obj signed) {
    TufKey listed = TufKey.of(key.key());
    return KeySignature.of(listed, key.sign(SignedMetadata.toBeSigned(listed, signed)));
  }

  static void put(
      RepositorySimulator repository, String path, Json.Obj signed, KeySignature... signatures) {
    repository.files().put(path, SignedMetadata.envelope(signed, List.of(signatures)));
  }

  /** The object with one member changed; a member that is no object is shown as an empty one. */
  static Json.Obj with(Json.Obj object, String member, Change change) {
    Map<String, Json> members = new LinkedHashMap<>(object.members());
    Json before = members.get(member);
    members.put(
        member, change.to(before instanceof Json.Obj nested ? nested : Json.object().build()));
    return new Json.Obj(members);
  }
}
