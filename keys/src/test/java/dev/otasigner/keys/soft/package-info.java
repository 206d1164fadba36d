/** Tests of this room. */
@NullMarked
package dev.otasigner.keys.soft;

import org.jspecify.annotations.NullMarked;
