/**
 * People and pipelines that come with an issuer's token. The issuers, and what their claims are
 * worth, stand in the service's configuration and nowhere else. This room fetches the issuers'
 * keys, and so is the only one of the service that opens a connection.
 */
@NullMarked
package dev.otasigner.service.oidc;

import org.jspecify.annotations.NullMarked;
