@NullMarked
package dev.otasigner.device.flash;

import org.jspecify.annotations.NullMarked;
