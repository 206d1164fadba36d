/** Tests of manifests. */
@NullMarked
package dev.otasigner.verifier.manifest;

import org.jspecify.annotations.NullMarked;
