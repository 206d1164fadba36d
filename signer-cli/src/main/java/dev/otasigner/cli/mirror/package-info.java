/**
 * Carries a catalogue to where no network reaches: one archive out of a repository, verified as a
 * device would from a root that is trusted, and into a mirror, verified again as a client that goes
 * on from what the mirror holds.
 */
@NullMarked
package dev.otasigner.cli.mirror;

import org.jspecify.annotations.NullMarked;
