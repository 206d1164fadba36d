/** The upgrade graph of a product, as text and as a picture. */
@NullMarked
package dev.otasigner.cli.graph;

import org.jspecify.annotations.NullMarked;
