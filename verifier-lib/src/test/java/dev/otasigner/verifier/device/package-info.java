/** Tests of device states, bootloaders and profiles. */
@NullMarked
package dev.otasigner.verifier.device;

import org.jspecify.annotations.NullMarked;
