/**
 * What a log that only grows can be held to: the RFC 6962 tree over its records, proofs that a
 * record is in it and that one state of it extends another, signed checkpoints in the form of C2SP,
 * and the check of a whole export that names the first record which is not what it was. Pure
 * functions of bytes; whatever does not hold is thrown.
 */
@NullMarked
package dev.otasigner.verifier.audit;

import org.jspecify.annotations.NullMarked;
