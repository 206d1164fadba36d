/** Builds on their way to devices: signed by the service, pushed, released, rotated. */
@NullMarked
package dev.otasigner.cli.catalogue;

import org.jspecify.annotations.NullMarked;
