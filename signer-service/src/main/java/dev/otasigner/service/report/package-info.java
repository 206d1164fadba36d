/** Answers to the questions of a customer's security department, read off the running service. */
@NullMarked
package dev.otasigner.service.report;

import org.jspecify.annotations.NullMarked;
