/** Images and manifests on this machine: looked into and judged by the device's own code. */
@NullMarked
package dev.otasigner.cli.image;

import org.jspecify.annotations.NullMarked;
