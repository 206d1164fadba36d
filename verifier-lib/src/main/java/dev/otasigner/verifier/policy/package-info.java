/**
 * The judgement: would a device in this state take this build, and if not, which check refuses it?
 */
@NullMarked
package dev.otasigner.verifier.policy;

import org.jspecify.annotations.NullMarked;
