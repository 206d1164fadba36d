/** Signing with a key in a file of one's own, without service and worker. */
@NullMarked
package dev.otasigner.keys.local;

import org.jspecify.annotations.NullMarked;
