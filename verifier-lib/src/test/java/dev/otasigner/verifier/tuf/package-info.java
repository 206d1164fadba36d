/** The TUF client against a repository in memory: one test for each attack. */
@NullMarked
package dev.otasigner.verifier.tuf;

import org.jspecify.annotations.NullMarked;
