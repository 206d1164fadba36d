package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import java.util.Collection;

/**
 * Which product uploaded which payload. A request may name what its own product uploaded, or what
 * was uploaded for all of them by somebody whose role is for all.
 */
interface Uploads {
  /** Stands for every product. */
  String ALL = "*";

  /** Whether the product may name this payload. Of a file that is gone nothing is said. */
  boolean has(String product, Digest sha256);

  /** Whether a payload is there for the product; if so, it is as if it were uploaded now. */
  boolean touch(String product, Digest sha256);

  /** How many bytes the product may still upload. */
  long room(String product);

  /**
   * Counts a payload as the product's; before the file has its name.
   *
   * @throws dev.otasigner.service.problem.SignerException QUOTA_EXCEEDED
   */
  void bind(String product, PayloadStore.Stored payload);

  /** A request names the payload, in the transaction under way: it stays. */
  void name(String product, Digest sha256);

  /** These files are a build's, in the transaction under way: they stay. */
  void keep(Collection<Digest> files);
}
