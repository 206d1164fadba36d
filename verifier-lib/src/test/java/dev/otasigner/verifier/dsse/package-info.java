/** Tests of envelopes and rules. */
@NullMarked
package dev.otasigner.verifier.dsse;

import org.jspecify.annotations.NullMarked;
