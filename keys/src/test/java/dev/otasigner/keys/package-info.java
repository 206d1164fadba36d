/** Tests of this room. */
@NullMarked
package dev.otasigner.keys;

import org.jspecify.annotations.NullMarked;
