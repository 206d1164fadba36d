/** The command {@code signer device}: makes an emulated device, runs it, shows what it is. */
@NullMarked
package dev.otasigner.device.cli;

import org.jspecify.annotations.NullMarked;
