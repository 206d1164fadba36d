/**
 * JUnit Jupiter on top of {@link dev.otasigner.device.lab}: a running signing service and devices
 * as parameters of tests. JUnit is the test's own dependency; nothing else in this module needs it.
 */
@NullMarked
package dev.otasigner.device.junit;

import org.jspecify.annotations.NullMarked;
