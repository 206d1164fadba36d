package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.List;

/** The service's own keys for one repository's roles. */
interface RoleKeyring {
  /** The role's newest keys, made on first use: one, or a classical and a post-quantum one. */
  List<VerificationKey> keysOf(String role);

  /** Whether it signs with this key, newest or not; people's keys it does not. */
  boolean holds(VerificationKey key);

  /** The key's signature over a role, whose canonical form is given whatever the suite. */
  byte[] sign(VerificationKey key, byte[] canonical);
}
