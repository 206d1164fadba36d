package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The one way to a token's keys. It answers these operations and nothing else, whether the token
 * lies in this process ({@link TokenWorker}) or in one of its own. Safe for use by several threads.
 *
 * <p>Every operation throws {@link TokenUnavailable} when the worker or its token cannot be
 * reached; trying later may help.
 */
public interface Worker extends AutoCloseable {

  /**
   * Makes a key, with the rule that the configuration's defaults give its purpose.
   *
   * @throws NameTaken when the token has a key of this name
   * @throws NotSupported when the purpose or suite is none that this worker serves
   */
  TokenKey create(KeySpec spec);

  /**
   * Takes in a key made elsewhere, with the rule that the configuration's defaults give its
   * purpose. Taking in the very same key again gives the key that is there: whoever was killed
   * before noting it down asks again.
   *
   * @param pkcs8 PrivateKeyInfo in DER; wiped
   * @throws NameTaken when the token has another key of this name
   * @throws dev.otasigner.keys.KeyOperationException.BadKey when the bytes are no key of the suite
   */
  TokenKey importKey(KeySpec spec, byte[] pkcs8);

  /**
   * Takes in a key that another worker hands over, with the narrower of two rules: the one that it
   * brings, and the one that the configuration's defaults give its purpose. Returns once the token
   * has signed with it. Asked again, it gives the key that is there, as of the new time.
   *
   * @param pkcs8 PrivateKeyInfo in DER; wiped
   * @throws NameTaken when the token has another key of this name
   * @throws NotSupported when the purpose or suite is none that this worker serves, or fewer people
   *     approve here than the rule asks for
   * @throws dev.otasigner.keys.KeyOperationException.BadKey when the bytes are not the key that the
   *     rule names
   */
  TokenKey takeOver(MovedKey key, byte[] pkcs8);

  /**
   * Takes up a key that lies in the token already, with the rule that the configuration's defaults
   * give its purpose. Taking up the very same key again gives the key that is there.
   *
   * @param uri where the key lies in the token's own words: an RFC 7512 URI
   * @throws NameTaken when the token has another key of this name
   * @throws NotSupported when the token adopts no keys
   * @throws dev.otasigner.keys.KeyOperationException.BadKey when no such key of the suite lies
   *     there
   */
  TokenKey adopt(KeySpec spec, String uri);

  /** The key of this name, if the token has it. */
  Optional<TokenKey> find(String name);

  /** The rule that the worker's configuration has for the key. */
  Optional<Rule> rule(Digest keyId);

  /** Keys that gave a signature which did not verify; they sign no more. */
  Set<Digest> outOfService();

  /**
   * Ends the key's rule now: whatever the database says later, it signs no more.
   *
   * @throws Refused NO_RULE when it has none
   */
  void retire(Digest keyId);

  /**
   * Narrows when and how often the key signs, for good: nothing widens a rule but a person who
   * edits the worker's own file.
   *
   * @throws Refused NO_RULE when it has none, LIMIT_WIDER when it would allow more than before
   */
  void narrow(Digest keyId, Limits limits);

  /** How many signatures are left of the key's quota now; empty when it has none. */
  Optional<Long> remaining(Digest keyId);

  /**
   * Erases the key.
   *
   * @throws dev.otasigner.keys.KeyOperationException.NoSuchKey when the token does not have it
   */
  void destroy(Digest keyId);

  /** One signature; see {@link #sign(List)}. */
  default Bytes sign(WorkerRequest request) {
    return sign(List.of(request)).get(0);
  }

  /**
   * Signs all or none. A request by a guarded key that was signed before, word for word, gets the
   * signature of then.
   *
   * @return the signatures in the order of the requests
   * @throws Refused when a rule, the content or an approval says no; nothing was signed then
   * @throws WrongSignature when the token gave a signature that does not verify
   */
  List<Bytes> sign(List<WorkerRequest> requests);

  /**
   * Returns only when an approver whom this worker's configuration knows has spoken on a request: a
   * yes or one taken back, which holds now. Whether there are enough is asked when the key signs.
   *
   * @param document the request document in canonical form
   * @param approval a DSSE envelope
   * @throws Refused with the reason why it is worth nothing
   */
  void requireApproval(Bytes document, Bytes approval);

  /**
   * Remembers for good that an approval was taken back, before it returns. Anybody may ask for it:
   * a revocation gives nothing. It holds for what the approver signed, in whatever envelope; what
   * was taken back before changes nothing.
   *
   * @param approval the DSSE envelope of a yes
   * @throws Refused APPROVER_UNKNOWN, APPROVAL_INVALID or APPROVAL_EXPIRED when it is worth nothing
   *     anyway; REVOCATIONS_FULL
   */
  void revoke(Bytes approval);

  /**
   * Returns only when the worker could sign now: it is the active one, its journal can be written,
   * and the token's own probe key signs what the verifier accepts.
   */
  void probe();

  @Override
  void close();
}
