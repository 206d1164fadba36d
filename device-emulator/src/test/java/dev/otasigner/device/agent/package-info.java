@NullMarked
package dev.otasigner.device.agent;

import org.jspecify.annotations.NullMarked;
