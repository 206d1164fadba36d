@NullMarked
package dev.otasigner.device.testing;

import org.jspecify.annotations.NullMarked;
