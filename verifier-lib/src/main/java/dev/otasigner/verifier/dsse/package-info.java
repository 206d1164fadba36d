/** DSSE envelopes: several signatures over one payload, and the rules over who must have signed. */
@NullMarked
package dev.otasigner.verifier.dsse;

import org.jspecify.annotations.NullMarked;
