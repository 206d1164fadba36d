/**
 * How the service is watched: what it tells Prometheus, and a line in the log for each call. Names,
 * units and labels of metrics are the closed list of {@link dev.otasigner.service.watch.Metric};
 * the features put numbers to them. Neither a label nor a line holds a secret, and no label what a
 * client chose: no user, no device, no path.
 */
@NullMarked
package dev.otasigner.service.watch;

import org.jspecify.annotations.NullMarked;
