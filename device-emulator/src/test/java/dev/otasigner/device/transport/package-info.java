@NullMarked
package dev.otasigner.device.transport;

import org.jspecify.annotations.NullMarked;
