/** Tests of the command line: sessions as a person would see them, and the pieces they rest on. */
@NullMarked
package dev.otasigner.cli;

import org.jspecify.annotations.NullMarked;
