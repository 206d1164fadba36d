/**
 * A small world for tests of every module: keys of every suite, and a fleet with its builds. Keys
 * are made afresh in each JVM and protect nothing.
 */
@NullMarked
package dev.otasigner.verifier.testing;

import org.jspecify.annotations.NullMarked;
