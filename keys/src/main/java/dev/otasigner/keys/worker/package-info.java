/**
 * The worker: the one holder of a token, which trusts neither the web tier nor the database.
 *
 * <p>No key is used without a durable intent in the worker's journal, the approvals that the
 * worker's own configuration file asks for, and content that the key's purpose allows; no signature
 * leaves that the device's own code has not verified. The worker answers nothing else.
 */
@NullMarked
package dev.otasigner.keys.worker;

import org.jspecify.annotations.NullMarked;
