/**
 * The command {@code signer}: arguments in, one HTTP conversation or one judgement, an exit code
 * out. What is signed, judged and stored is decided elsewhere: by the verifier's own code and by
 * the service, which this program meets over HTTP only.
 *
 * <p>The terminal's rules: results on standard output, errors on standard error as {@code signer:
 * error:} with a {@code signer: hint:} that says what to do; {@code --json} prints one document and
 * nothing else; no secret is ever taken from an argument.
 */
@NullMarked
package dev.otasigner.cli;

import org.jspecify.annotations.NullMarked;
