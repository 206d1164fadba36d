/** The conformance command line against a repository behind a real HTTP server. */
@NullMarked
package dev.otasigner.cli.tuf;

import org.jspecify.annotations.NullMarked;
