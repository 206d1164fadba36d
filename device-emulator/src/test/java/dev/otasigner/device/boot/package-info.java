@NullMarked
package dev.otasigner.device.boot;

import org.jspecify.annotations.NullMarked;
