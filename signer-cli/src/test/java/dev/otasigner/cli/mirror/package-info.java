/** Carrying a catalogue over an air gap. */
@NullMarked
package dev.otasigner.cli.mirror;

import org.jspecify.annotations.NullMarked;
