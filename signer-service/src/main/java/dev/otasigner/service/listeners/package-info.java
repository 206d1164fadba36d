/**
 * Where devices dial in: each listener is a connector of its own with its own TLS policy, opened
 * and closed while the service runs, and serves device paths only. The management port serves none
 * of them.
 */
@NullMarked
package dev.otasigner.service.listeners;

import org.jspecify.annotations.NullMarked;
