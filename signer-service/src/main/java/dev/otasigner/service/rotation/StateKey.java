package dev.otasigner.service.rotation;

import dev.otasigner.verifier.device.DeviceState;

/**
 * A state by which something is remembered: equal when all of it is, and hashed by what tells
 * states of one product apart.
 */
record StateKey(DeviceState state) {
  @Override
  public int hashCode() {
    return hash(state);
  }

  static int hash(DeviceState state) {
    int hash = state.running().version().hashCode();
    hash = 31 * hash + state.running().profile().hashCode();
    hash = 31 * hash + state.bootloader().id().hashCode();
    hash = 31 * hash + state.channel().hashCode();
    hash = 31 * hash + state.lineage().hashCode();
    return 31 * hash + state.clock().kind().hashCode();
  }
}
