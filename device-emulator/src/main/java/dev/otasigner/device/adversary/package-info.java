/**
 * Whoever sits between a device and its service and means ill: for tests that a device survives
 * them. {@link dev.otasigner.device.adversary.Adversary} has a TLS key that devices trust and
 * answers what it likes; {@link dev.otasigner.device.adversary.Relay} has none and can only touch
 * what goes by.
 */
@NullMarked
package dev.otasigner.device.adversary;

import org.jspecify.annotations.NullMarked;
