@NullMarked
package dev.otasigner.device.cli;

import org.jspecify.annotations.NullMarked;
