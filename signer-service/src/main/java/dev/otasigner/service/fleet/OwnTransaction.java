package dev.otasigner.service.fleet;

import java.util.Objects;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** For what stays done when the transaction around it is undone. */
final class OwnTransaction {
  private OwnTransaction() {}

  static TransactionTemplate like(TransactionTemplate template) {
    TransactionTemplate own =
        new TransactionTemplate(Objects.requireNonNull(template.getTransactionManager()));
    own.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
    return own;
  }
}
