@NullMarked
package dev.otasigner.cli.signing;

import org.jspecify.annotations.NullMarked;
