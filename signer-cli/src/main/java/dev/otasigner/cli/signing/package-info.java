/**
 * Signing an image: through the service, which assembles, signs and judges it; or here, with a key
 * in a file, for those who have no service yet.
 */
@NullMarked
package dev.otasigner.cli.signing;

import org.jspecify.annotations.NullMarked;
