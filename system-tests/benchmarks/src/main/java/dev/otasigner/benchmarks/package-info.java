/** How long the device's judgement takes, each figure beside a yardstick of the same run. */
@NullMarked
package dev.otasigner.benchmarks;

import org.jspecify.annotations.NullMarked;
