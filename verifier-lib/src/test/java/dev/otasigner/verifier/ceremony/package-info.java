/** Ceremonies, and everything for which their files are refused. */
@NullMarked
package dev.otasigner.verifier.ceremony;

import org.jspecify.annotations.NullMarked;
