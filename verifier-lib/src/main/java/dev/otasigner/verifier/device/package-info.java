/** What a device is and trusts: its state, its bootloader, and the profile of its running build. */
@NullMarked
package dev.otasigner.verifier.device;

import org.jspecify.annotations.NullMarked;
