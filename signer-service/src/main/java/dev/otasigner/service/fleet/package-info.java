/**
 * Products, what they are made of, and every device of them: manufactured, enrolled, last seen. A
 * device is known by the key it enrolled with; a check-in carries no decision in either direction,
 * for devices decide from signed metadata.
 */
@NullMarked
package dev.otasigner.service.fleet;

import org.jspecify.annotations.NullMarked;
