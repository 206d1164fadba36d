/**
 * The whole story on one machine: service, command line and devices as separate programs, started
 * through the launcher, each in a directory of its own, meeting over the network only. Attacks are
 * offered for real: by somebody who stole the maker's old keys, and by somebody who can write the
 * service's catalogue files.
 */
@NullMarked
package dev.otasigner.cli.demo;

import org.jspecify.annotations.NullMarked;
