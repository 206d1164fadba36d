/**
 * What is sold and what is out there: products, hardware, bootloaders, profiles, devices,
 * listeners.
 */
@NullMarked
package dev.otasigner.cli.fleet;

import org.jspecify.annotations.NullMarked;
