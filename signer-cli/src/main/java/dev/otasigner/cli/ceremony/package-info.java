/**
 * Ceremonies: the roots and targets roles that people sign, each on a machine of their own and
 * without any service. A reviewed plan makes a draft; the draft goes from holder to holder; who
 * signs is shown what changes, worked out here from what is signed and from the root before it.
 */
@NullMarked
package dev.otasigner.cli.ceremony;

import org.jspecify.annotations.NullMarked;
