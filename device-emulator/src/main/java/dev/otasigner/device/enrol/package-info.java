/**
 * What a factory does: a blank chip gets its bootloader, its image and its documents, makes its own
 * key, and has it certified against a one-time secret.
 */
@NullMarked
package dev.otasigner.device.enrol;

import org.jspecify.annotations.NullMarked;
