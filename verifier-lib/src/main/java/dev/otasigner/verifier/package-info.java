/**
 * The device's own judgement: bytes, trusted state and one {@link java.time.Instant} in; a verified
 * value out, or a {@link dev.otasigner.verifier.RejectedException} that says why.
 *
 * <p>No clock, no network, no logging, no private key. Every length is bounded before it is
 * allocated.
 *
 * <p>A record whose constructor checks its components throws {@link IllegalArgumentException} for
 * one that its Javadoc rules out: a mistake of the caller. Untrusted bytes that break the same rule
 * are refused. Lengths are in bytes, unless a name or a text says otherwise.
 */
@NullMarked
package dev.otasigner.verifier;

import org.jspecify.annotations.NullMarked;
