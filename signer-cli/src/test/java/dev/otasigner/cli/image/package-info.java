@NullMarked
package dev.otasigner.cli.image;

import org.jspecify.annotations.NullMarked;
