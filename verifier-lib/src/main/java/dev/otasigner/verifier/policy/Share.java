package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.catalogue.Head;

/** Whose turn it is in a staged rollout. */
public enum Share {
  /** The device's own: what a device asks. */
  OF_DEVICE {
    @Override
    boolean includes(Head.Candidate candidate, String deviceId) {
      return candidate.isInShare(deviceId);
    }
  },
  /** As if every device were in every share that is not zero: what a plan asks. */
  AS_IF_IN {
    @Override
    boolean includes(Head.Candidate candidate, String deviceId) {
      return candidate.bridge() || candidate.sharePerMille() > 0;
    }
  },
  /** As if every device were outside every share that is not whole: what a plan asks too. */
  AS_IF_OUT {
    @Override
    boolean includes(Head.Candidate candidate, String deviceId) {
      return candidate.bridge() || candidate.sharePerMille() == 1000;
    }
  };

  abstract boolean includes(Head.Candidate candidate, String deviceId);
}
