/** Tests of this room. */
@NullMarked
package dev.otasigner.keys.local;

import org.jspecify.annotations.NullMarked;
