@NullMarked
package dev.otasigner.device.fleet;

import org.jspecify.annotations.NullMarked;
