package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Contender;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.problem.SignerException;
import java.util.List;
import java.util.concurrent.FutureTask;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.transaction.support.TransactionTemplate;

@ServiceTest
class ProductsTests {
  @Autowired private Products products;
  @Autowired private TransactionTemplate transaction;
  @Autowired private DataSource database;

  @Test
  void revisionAddedAtTheSameMomentIsNotTakenBack() {
    products.create("revised", ProductPolicy.DEFAULT);
    products.addHardware("revised", "board", List.of("a"));
    FutureTask<Products.Hardware> other =
        transaction.execute(
            status -> {
              products.addHardware("revised", "board", List.of("a", "b"));
              return Contender.start(
                  database, () -> products.addHardware("revised", "board", List.of("a", "c")));
            });
    assertThatThrownBy(other::get).hasCauseInstanceOf(SignerException.class);
    assertThat(products.hardware("revised", "board").orElseThrow().revisions())
        .containsExactly("a", "b");
  }
}
