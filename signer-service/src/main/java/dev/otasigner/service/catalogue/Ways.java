package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.PopulationJudgement;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Where a device may come to by what a channel offers today, by its own judgement. */
final class Ways {
  /** Longer than any chain of builds that lead to each other. */
  private static final int MAX_STOPS = 64;

  private final PopulationJudgement judgement;
  private final List<Offer> offers;

  /** A build that is offered, in its own lineage or as a bridge in all. */
  record Offer(BuildFiles build, boolean bridge) {
    boolean isListedFor(DeviceState state) {
      return bridge || build.profile().lineage().name().equals(state.lineage());
    }
  }

  Ways(PopulationJudgement judgement, List<Offer> offers) {
    this.judgement = judgement;
    this.offers = List.copyOf(offers);
  }

  /** The state itself, then every other that it may come to. */
  List<DeviceState> from(DeviceState start) throws IOException {
    List<DeviceState> states = new ArrayList<>(List.of(start));
    for (int next = 0; next < states.size() && next < MAX_STOPS; next++) {
      DeviceState state = states.get(next);
      for (Offer offer : offers) {
        if (offer.isListedFor(state)
            && offer.build().manifest().version().isNewerThan(state.running().version())) {
          try {
            DeviceState after = judgement.judge(state, offer.build()).after();
            if (!states.contains(after)) {
              states.add(after);
            }
          } catch (RejectedException e) {
            // No way along here; what keeps the device is asked of the build it is about.
          }
        }
      }
    }
    return states;
  }
}
