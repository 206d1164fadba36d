/**
 * The bootloader: decides at every reset which image runs.
 *
 * <p>It judges images by {@link dev.otasigner.verifier.mcuboot.BootCheck}, swaps the slots, puts a
 * new image on trial and takes it back unless it confirms itself. Its anchors and the security
 * counter lie outside both slots, are locked while an operating system runs, and change only here:
 * the anchors by a bootloader component that the present anchors vouch for, the counter upwards at
 * the reset after a confirmation. Any step may be cut short by the power and is taken up again.
 */
@NullMarked
package dev.otasigner.device.boot;

import org.jspecify.annotations.NullMarked;
