/** Where all parts meet: the module arrows, and the programs as processes over the network. */
@NullMarked
package dev.otasigner.system;

import org.jspecify.annotations.NullMarked;
