@NullMarked
package dev.otasigner.keys.pkcs11;

import org.jspecify.annotations.NullMarked;
