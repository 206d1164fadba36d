package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.List;

/** The keys of one repository's roles. A role's threshold is the number of its keys: all sign. */
interface RoleKeyring {
  /** The role's keys, made on first use: one, or a classical and a post-quantum one. */
  List<VerificationKey> keysOf(String role);

  /** The key's signature over a role, whose canonical form is given whatever the suite. */
  byte[] sign(VerificationKey key, byte[] canonical);
}
