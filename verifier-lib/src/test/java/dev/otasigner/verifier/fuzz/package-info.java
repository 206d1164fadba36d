/**
 * Coverage-guided fuzzing of everything that reads foreign bytes.
 *
 * <p>A {@link dev.otasigner.verifier.fuzz.FuzzTarget} is one parser with its seeds and what must
 * hold for any input; {@link dev.otasigner.verifier.fuzz.FuzzDriver} is what Jazzer calls; {@link
 * dev.otasigner.verifier.fuzz.FuzzTests} is the short run of the build and {@link
 * dev.otasigner.verifier.fuzz.FuzzCampaign} the long one, by command.
 */
@NullMarked
package dev.otasigner.verifier.fuzz;

import org.jspecify.annotations.NullMarked;
