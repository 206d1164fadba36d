/** Tests of this room. */
@NullMarked
package dev.otasigner.service.keyring;

import org.jspecify.annotations.NullMarked;
