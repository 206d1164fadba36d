/**
 * MCUboot images: strict reading, the judgement whether a bootloader boots one, and assembling.
 *
 * <p>An image is accepted only if every build of MCUboot's C code that knows the key would accept
 * it; where builds differ, the strictest decides. Payloads are streamed and never held in memory,
 * but for pure Ed25519, which is bounded. No private key enters: the assembler is given a function
 * that signs.
 */
@NullMarked
package dev.otasigner.verifier.mcuboot;

import org.jspecify.annotations.NullMarked;
