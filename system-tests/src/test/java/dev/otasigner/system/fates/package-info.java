/**
 * Predictions against fates: what the service says that a change does to each cohort, and what then
 * becomes of emulated devices that live through it. Nothing in here judges a build; the service and
 * the devices do, each by itself.
 */
@NullMarked
package dev.otasigner.system.fates;

import org.jspecify.annotations.NullMarked;
