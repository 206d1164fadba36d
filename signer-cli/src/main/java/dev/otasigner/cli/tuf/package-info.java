/**
 * The TUF client as a command: for people who look at a catalogue with their own eyes, and for the
 * public conformance suite, whose command line it speaks.
 */
@NullMarked
package dev.otasigner.cli.tuf;

import org.jspecify.annotations.NullMarked;
