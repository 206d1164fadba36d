package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a publication is about to sign, as the audit log keeps it: {@code ROLE=VERSION KEYID ...},
 * separated by commas, in texts that the log does not cut short.
 */
final class IntendedSignatures {
  /** A text of a record is cut at 1,000 characters. */
  private static final int MAX_TEXT = 1000;

  /** A record has twenty details; two are kept for others. */
  private static final int MAX_TEXTS = 18;

  private final List<String> texts = new ArrayList<>();
  private int signatures;

  IntendedSignatures(Map<String, Long> versions, Map<String, List<VerificationKey>> keys) {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<String, Long> role : versions.entrySet()) {
      StringBuilder entry = new StringBuilder(role.getKey()).append('=').append(role.getValue());
      for (VerificationKey key : keys.getOrDefault(role.getKey(), List.of())) {
        entry.append(' ').append(key.keyId().hex());
        signatures++;
      }
      if (text.length() > 0 && text.length() + 2 + entry.length() > MAX_TEXT) {
        texts.add(text.toString());
        text.setLength(0);
      }
      text.append(text.length() > 0 ? ", " : "").append(entry);
    }
    texts.add(text.toString());
  }

  /** The details of one record; of several, where a catalogue has more channels than one holds. */
  List<Map<String, String>> details() {
    List<Map<String, String>> records = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += MAX_TEXTS) {
      Map<String, String> details = new LinkedHashMap<>();
      details.put("signatures", Integer.toString(signatures));
      List<String> part = texts.subList(from, Math.min(texts.size(), from + MAX_TEXTS));
      for (int i = 0; i < part.size(); i++) {
        details.put(i == 0 ? "roles" : "roles-" + (i + 1), part.get(i));
      }
      records.add(details);
    }
    return records;
  }
}
