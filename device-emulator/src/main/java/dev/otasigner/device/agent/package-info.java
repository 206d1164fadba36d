/**
 * The update agent: takes the newest build that its signed catalogue offers and the policy accepts.
 *
 * <p>It decides from signed metadata alone, asks {@link dev.otasigner.verifier.policy} before it
 * downloads and again on the bytes in flash, and leaves every durable step in a state from which
 * the next start goes on. It cannot write what the bootloader trusts.
 */
@NullMarked
package dev.otasigner.device.agent;

import org.jspecify.annotations.NullMarked;
