@NullMarked
package dev.otasigner.device.adversary;

import org.jspecify.annotations.NullMarked;
