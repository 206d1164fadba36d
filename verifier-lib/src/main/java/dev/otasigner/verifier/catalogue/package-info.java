/** The head file of a channel and hardware, and the choice a device makes from it. */
@NullMarked
package dev.otasigner.verifier.catalogue;

import org.jspecify.annotations.NullMarked;
