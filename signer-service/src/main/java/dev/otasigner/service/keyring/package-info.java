/**
 * The service's keys by name, purpose and state, {@link dev.otasigner.service.keyring.Keyring}, and
 * the one way to a signature, {@link dev.otasigner.service.keyring.KeySignatures}.
 *
 * <p>The database says what state a key is in; what the key may sign, and with whose approval, is
 * the worker's own word. So a change of the database can stop a key, and never widen it.
 */
@NullMarked
package dev.otasigner.service.keyring;

import org.jspecify.annotations.NullMarked;
