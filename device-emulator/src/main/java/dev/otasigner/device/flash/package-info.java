/**
 * A strict simulated flash in one file that outlasts the process.
 *
 * <p>Cells are erased by whole sectors, written once between erasures, in aligned units; whatever
 * breaks these rules is an {@link IllegalStateException}, because on a real chip it would be silent
 * corruption. The power may fail before, during or after any operation. What is stored here is
 * bytes; nothing in this package knows what a device is.
 */
@NullMarked
package dev.otasigner.device.flash;

import org.jspecify.annotations.NullMarked;
