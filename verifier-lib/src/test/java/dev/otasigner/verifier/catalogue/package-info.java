/** Tests of head files and their paths. */
@NullMarked
package dev.otasigner.verifier.catalogue;

import org.jspecify.annotations.NullMarked;
