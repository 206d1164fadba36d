/**
 * The signing service: what starts it and what every feature shares. Each sub-package is a feature
 * with its controller, its tables and one public class named by its job.
 */
@NullMarked
package dev.otasigner.service;

import org.jspecify.annotations.NullMarked;
