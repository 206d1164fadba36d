/** Tests of this room. */
@NullMarked
package dev.otasigner.keys.worker;

import org.jspecify.annotations.NullMarked;
