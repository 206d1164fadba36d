package dev.otasigner.service.catalogue;

import jakarta.persistence.Embeddable;

/** Names a repository. */
@Embeddable
record LineageKey(String product, String name) {}
