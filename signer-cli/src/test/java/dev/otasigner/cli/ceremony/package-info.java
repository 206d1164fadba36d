/** Ceremonies at the command line, without a service. */
@NullMarked
package dev.otasigner.cli.ceremony;

import org.jspecify.annotations.NullMarked;
