/**
 * An emulated device: flash, bootloader, update agent and transport, around the same judgement that
 * every other part of the house asks. It opens no port, holds no signing key, and comes back from
 * its flash file alone whenever its process is killed.
 */
@NullMarked
package dev.otasigner.device;

import org.jspecify.annotations.NullMarked;
