package dev.otasigner.device.fleet;

import java.util.Locale;
import java.util.Map;

/**
 * How often what goes wrong, each from 0 (never) to 1 (always).
 *
 * @param cut the power, of operations of the flash
 * @param reset the connection, of requests: before the request, or within the answer to a download
 * @param slow of requests: the answer is held up for up to two seconds
 * @param refuse of downloads: the server answers 503
 */
public record FaultRates(double cut, double reset, double slow, double refuse) {
  public static final FaultRates NONE = new FaultRates(0, 0, 0, 0);

  public FaultRates {
    for (double rate : new double[] {cut, reset, slow, refuse}) {
      if (!(rate >= 0 && rate <= 1)) {
        throw new IllegalArgumentException("a rate is from 0 to 1");
      }
    }
  }

  /**
   * Rates by name; what is not named is as in {@code others}.
   *
   * @throws IllegalArgumentException for another name than cut, reset, slow and refuse
   */
  public static FaultRates of(Map<String, Double> rates, FaultRates others) {
    FaultRates result = others;
    for (Map.Entry<String, Double> rate : rates.entrySet()) {
      double value = rate.getValue();
      result =
          switch (rate.getKey().toLowerCase(Locale.ROOT)) {
            case "cut" -> new FaultRates(value, result.reset, result.slow, result.refuse);
            case "reset" -> new FaultRates(result.cut, value, result.slow, result.refuse);
            case "slow" -> new FaultRates(result.cut, result.reset, value, result.refuse);
            case "refuse" -> new FaultRates(result.cut, result.reset, result.slow, value);
            default ->
                throw new IllegalArgumentException(
                    rate.getKey() + ": cut, reset, slow or refuse is expected");
          };
    }
    return result;
  }
}
