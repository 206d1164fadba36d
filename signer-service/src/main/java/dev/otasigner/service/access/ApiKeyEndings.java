package dev.otasigner.service.access;

import dev.otasigner.service.report.Ending;
import dev.otasigner.service.report.EndingSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** API keys stop working at the end of their days. */
@Component
class ApiKeyEndings implements EndingSource {
  private final Accounts accounts;

  ApiKeyEndings(Accounts accounts) {
    this.accounts = accounts;
  }

  @Override
  public List<Ending> endings() {
    return accounts.apiKeys().stream()
        .map(key -> new Ending("API key " + key.name(), key.expires()))
        .toList();
  }
}
