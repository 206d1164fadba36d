/** Tests of the strict JSON reader and of canonical JSON. */
@NullMarked
package dev.otasigner.verifier.json;

import org.jspecify.annotations.NullMarked;
