/**
 * Thousands of emulated devices in one process, against a real service.
 *
 * <p>What happens to a device follows from the plan's seed and the device's id alone: however its
 * turns fall among those of the others, the same power cuts and the same broken connections meet
 * it. A device is judged by what it runs at the end, compared with what the catalogue lists for it;
 * one that is not there is named.
 */
@NullMarked
package dev.otasigner.device.fleet;

import org.jspecify.annotations.NullMarked;
