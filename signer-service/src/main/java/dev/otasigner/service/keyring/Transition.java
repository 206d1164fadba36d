package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyState;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import java.time.Instant;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/**
 * When a key came into a state, and by whom.
 *
 * @param reason what whoever changed it gave as a reason
 */
@Embeddable
record Transition(
    @Enumerated(EnumType.STRING) @JdbcTypeCode(SqlTypes.VARCHAR) KeyState state,
    Instant at,
    String actor,
    @Nullable String reason) {}
