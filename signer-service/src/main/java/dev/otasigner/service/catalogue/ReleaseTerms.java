package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.AutomaticStop;
import java.util.Optional;

/**
 * How a release is offered.
 *
 * @param bridge brings old devices a newer profile; ignores the share and is never superseded
 * @param sharePerMille of the fleet, 0 to 1000
 * @param notes what people say of it, perhaps nothing
 * @param automaticStop when it ends by itself; empty for what the product says
 */
record ReleaseTerms(
    boolean bridge, int sharePerMille, String notes, Optional<AutomaticStop> automaticStop) {}
