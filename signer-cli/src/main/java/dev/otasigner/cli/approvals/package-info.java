/**
 * Requests that wait for people: what they would sign, checked here rather than believed, and their
 * signed word on it. Nothing is signed of which this program cannot tell what it is.
 */
@NullMarked
package dev.otasigner.cli.approvals;

import org.jspecify.annotations.NullMarked;
