/** The manifest: the update agent's proof of what a build is and whom it is for. */
@NullMarked
package dev.otasigner.verifier.manifest;

import org.jspecify.annotations.NullMarked;
