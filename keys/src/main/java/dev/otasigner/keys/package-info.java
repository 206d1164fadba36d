/**
 * Keys and what may be done with them: purposes, states, and the {@link dev.otasigner.keys.Token}
 * in which private keys live.
 *
 * <p>A private key never leaves its token. Nothing here decides whether a key <em>may</em> sign:
 * that is the {@link dev.otasigner.keys.worker worker's} job, and only the worker calls a token.
 */
@NullMarked
package dev.otasigner.keys;

import org.jspecify.annotations.NullMarked;
