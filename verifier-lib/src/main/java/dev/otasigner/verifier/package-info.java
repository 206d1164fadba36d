/**
 * The device's own judgement: bytes, trusted state and one {@link java.time.Instant} in; a verified
 * value out, or a {@link dev.otasigner.verifier.RejectedException} that says why.
 *
 * <p>No clock, no network, no logging, no private key. Every length is bounded before it is
 * allocated.
 */
@NullMarked
package dev.otasigner.verifier;

import org.jspecify.annotations.NullMarked;
