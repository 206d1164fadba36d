/** Tests of the judgement: one for each refusal. */
@NullMarked
package dev.otasigner.verifier.policy;

import org.jspecify.annotations.NullMarked;
