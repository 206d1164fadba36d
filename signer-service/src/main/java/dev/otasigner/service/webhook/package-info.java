/**
 * Tells receivers outside what people should look at: approvals that wait, ends that come near,
 * failures. What is to be told is written down in the transaction that it tells of and goes when
 * the receiver has it; it is signed, carries no secret, and follows no redirect. The one room,
 * beside those that {@code ArchitectureTests} names, from which the service opens connections.
 */
@NullMarked
package dev.otasigner.service.webhook;

import org.jspecify.annotations.NullMarked;
