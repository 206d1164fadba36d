package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.catalogue.Head;

/** Whose turn it is in a staged rollout. */
public enum Share {
  /** The device's own: what a device asks. */
  OF_DEVICE {
    @Override
    public boolean includes(Head.Candidate candidate, String deviceId) {
      return candidate.isInShare(deviceId);
    }
  },
  /** As if every device were in every share that is not zero: what a plan asks. */
  AS_IF_IN {
    @Override
    public boolean includes(Head.Candidate candidate, String deviceId) {
      return candidate.bridge() || candidate.sharePerMille() > 0;
    }
  },
  /** As if every device were outside every share that is not whole: what a plan asks too. */
  AS_IF_OUT {
    @Override
    public boolean includes(Head.Candidate candidate, String deviceId) {
      return candidate.bridge() || candidate.sharePerMille() == 1000;
    }
  };

  /** Whether a device of this identifier is offered the candidate. */
  public abstract boolean includes(Head.Candidate candidate, String deviceId);
}
