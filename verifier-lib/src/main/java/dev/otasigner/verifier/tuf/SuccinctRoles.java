package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Hash bins under one set of keys, TAP 15: the first bits of the SHA-256 of a target path name the
 * bin.
 *
 * @param roleKeys who signs for every bin
 * @param bitLength 1 to 32; there are two to this power of bins
 * @param namePrefix of every bin's role name, 1 to 64 characters
 */
public record SuccinctRoles(RoleKeys roleKeys, int bitLength, String namePrefix) {
  /** Of a bin's number in hex. */
  private static final int MAX_DIGITS = 8;

  public SuccinctRoles {
    if (bitLength < 1 || bitLength > 32) {
      throw new IllegalArgumentException("1 to 32 bits are expected");
    }
    if (!isPrefix(namePrefix, DelegatedRole.MAX_ENCODED_NAME)) {
      throw new IllegalArgumentException("not a prefix for names of bins");
    }
  }

  static SuccinctRoles read(Fields fields, TufLimits.Counts counts) throws RejectedException {
    String prefix = fields.string("name_prefix");
    if (!isPrefix(prefix, counts.nameBytes())) {
      throw fields.malformed("name_prefix", "not a prefix for names of bins");
    }
    return new SuccinctRoles(
        RoleKeys.read(fields, counts), (int) fields.integer("bit_length", 1, 32), prefix);
  }

  /** The longest name that can follow from it must be one, encoded as a file's name. */
  private static boolean isPrefix(String prefix, int maxBytes) {
    return !prefix.isEmpty()
        && prefix.length() <= 64
        && DelegatedRole.isName(prefix + "-" + "0".repeat(MAX_DIGITS), maxBytes);
  }

  /** How many bins there are. */
  public long bins() {
    return 1L << bitLength;
  }

  /** The role name of a bin, numbered from zero: the prefix, a hyphen, zero-padded hex. */
  public String nameOf(long bin) {
    int digits = (bitLength + 3) / 4;
    return namePrefix + "-" + String.format(Locale.ROOT, "%0" + digits + "x", bin);
  }

  /** The one role that may speak for this path. Succinct delegations never terminate. */
  public DelegatedRole roleFor(String targetPath) {
    byte[] first32 = Arrays.copyOf(TrustedPaths.hashOf(targetPath).bytes(), 4);
    long bin = new BigInteger(1, first32).longValueExact() >>> (32 - bitLength);
    // The bin follows from the path, so there is nothing left to match.
    return new DelegatedRole(
        nameOf(bin), roleKeys, new TrustedPaths.HashPrefixes(List.of("")), false);
  }

  Json.Obj toJson() {
    return roleKeys
        .write(Json.object())
        .put("bit_length", bitLength)
        .put("name_prefix", namePrefix)
        .build();
  }
}
