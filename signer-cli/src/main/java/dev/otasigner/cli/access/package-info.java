/** Who may do what at the service: sessions, users and API keys. */
@NullMarked
package dev.otasigner.cli.access;

import org.jspecify.annotations.NullMarked;
