/**
 * The closed registry of signature suites, and keys that verify with exactly one of them.
 *
 * <p>Hashes with the JDK, verifies with Bouncy Castle's lightweight API, and checks lengths and
 * encodings itself: a signature has one spelling here. No private key ever enters.
 */
@NullMarked
package dev.otasigner.verifier.crypto;

import org.jspecify.annotations.NullMarked;
