package dev.otasigner.cli.approvals;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.McubootHeader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A request whose parts belong together: the document has the digest that is signed, and the draft
 * is the one that the document names. The service is not believed in either.
 *
 * @param told everything the service says of it
 * @param document what is approved, by its digest
 * @param stated the same, member by member
 * @param draft the manifest that the document names
 */
record StatedRequest(Fields told, RequestDocument document, Fields stated, Draft draft) {
  private static final int MAX_LIST = 64;
  private static final int USUAL_HEADER_BYTES = 0x200;
  private static final String WAITS = "awaiting-approval";

  /** The file that will be signed, by what the document says of it. */
  record Payload(Digest sha256, long lengthBytes) {}

  /** An approval that was handed in, by the service's word. */
  record Word(String approver, Instant notAfter) {}

  /**
   * Reads the service's answer.
   *
   * @throws CommandFailedException REFUSED when its parts contradict each other
   */
  static StatedRequest of(String id, Json answer) throws RejectedException {
    if (!(answer instanceof Json.Obj object)) {
      throw refused("the service does not answer with a request");
    }
    Fields told = new Fields(object, "");
    if (!told.has("document")) {
      throw refused("request " + id + " is " + told.string("state") + ": nothing of it is signed");
    }
    Fields stated = told.object("document");
    RequestDocument document = RequestDocument.read(stated.json().canonicalBytes());
    requireSame("the request's digest", told.digest("digest"), document.digest());
    Fields draft = told.object("draft");
    Bytes manifest = Bytes.copyOf(draft.json().textBytes());
    requireSame("the manifest", document.manifest(), RequestDocument.manifestDraft(manifest));
    StatedRequest request = new StatedRequest(told, document, stated, Draft.read(draft));
    if (told.has("policy")) {
      Digest policy = Digest.of(told.object("policy").json().canonicalBytes());
      requireSame("the policy", document.policy(), policy);
    }
    requireSame("the request", id, stated.string("id"));
    requireSame("the product", stated.string("product"), request.draft.product());
    requireSame("the hardware", stated.strings("hardware", MAX_LIST), request.draft.hardwareIds());
    return request;
  }

  private static void requireSame(String what, Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw refused(
          what + " is not the one that would be signed: expected " + expected + ", is " + actual);
    }
  }

  static CommandFailedException refused(String why) {
    return CommandFailedException.of(ExitCode.REFUSED, "refused: " + why);
  }

  String id() throws RejectedException {
    return stated.string("id");
  }

  /**
   * Where the payload begins in its image, by the service's word; if that is wrong, the images that
   * are made here are not those that would be signed.
   */
  int headerBytes() throws RejectedException {
    return told.has("headerSize")
        ? (int) told.integer("headerSize", McubootHeader.BYTES, 0xffff)
        : USUAL_HEADER_BYTES;
  }

  /** The policy that it was judged by; releases before it was kept told none. */
  Optional<Fields> policy() throws RejectedException {
    return told.optionalObject("policy");
  }

  /** A word on it is worth something only while it waits. */
  void requireWaiting() throws RejectedException {
    String state = told.string("state");
    if (!state.equals(WAITS)) {
      throw refused("request " + id() + " is " + state + ", and waits for nobody");
    }
  }

  /**
   * The one file that it is about.
   *
   * @throws CommandFailedException REFUSED when there are others, which nobody could look at
   */
  Payload payload() throws RejectedException {
    List<Fields> payloads = stated.objects("payloads", MAX_LIST);
    if (payloads.size() != 1 || !payloads.get(0).string("kind").equals("payload")) {
      throw refused("the request names " + payloads.size() + " files; one payload is expected");
    }
    Fields payload = payloads.get(0);
    return new Payload(payload.digest("sha256"), payload.integer("length", 0, Long.MAX_VALUE));
  }

  /** Approvals that were neither taken back nor have lapsed. */
  List<Word> standing(Instant now) throws RejectedException {
    List<Word> words = new ArrayList<>();
    if (told.has("approvals")) {
      for (Fields word : told.objects("approvals", MAX_LIST)) {
        Instant notAfter = word.time("notAfter");
        if (word.string("decision").equals("approve")
            && !word.has("takenBack")
            && now.isBefore(notAfter)) {
          words.add(new Word(word.string("approver"), notAfter));
        }
      }
    }
    return words;
  }

  /** How many people have to approve, by the service's word; 0 when it does not say. */
  long needed() throws RejectedException {
    return told.has("approvalsNeeded") ? told.integer("approvalsNeeded", 0, MAX_LIST) : 0;
  }
}
