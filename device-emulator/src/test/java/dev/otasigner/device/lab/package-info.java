@NullMarked
package dev.otasigner.device.lab;

import org.jspecify.annotations.NullMarked;
