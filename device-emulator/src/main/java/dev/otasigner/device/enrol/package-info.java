/**
 * What a factory does: a blank chip gets its bootloader, its image and its documents, and has its
 * key certified: one it makes itself, against a one-time secret, or one it was born with, against
 * the factory's certificate.
 */
@NullMarked
package dev.otasigner.device.enrol;

import org.jspecify.annotations.NullMarked;
