package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.Digest;

/**
 * One use of a key, as the audit log keeps it.
 *
 * @param request digest of the document that it was for
 * @param signature digest of what came of it
 */
public record KeyUse(
    String name, Digest keyId, KeyPurpose purpose, Digest request, Digest signature) {}
