@NullMarked
package dev.otasigner.verifier.audit;

import org.jspecify.annotations.NullMarked;
