/**
 * The one strict JSON reader of the house, and OLPC canonical JSON as TUF signs it. Refuses
 * duplicate keys, unknown escapes, lone surrogates, fractions, and anything over its size, depth
 * and count limits.
 */
@NullMarked
package dev.otasigner.verifier.json;

import org.jspecify.annotations.NullMarked;
