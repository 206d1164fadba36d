package dev.otasigner.service.fleet;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.json.JsonReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The bootloaders of a product, as they leave the factory or a component brings them. */
@Component
public class Bootloaders {
  static final int MAX_BYTES = 128 * 1024;

  private final JdbcClient jdbc;
  private final Products products;
  private final AuditLog audit;

  Bootloaders(JdbcClient jdbc, Products products, AuditLog audit) {
    this.jdbc = jdbc;
    this.products = products;
    this.audit = audit;
  }

  /** A bootloader and the hardware it runs on. */
  public record Registered(String hardware, Bootloader bootloader) {}

  public List<Registered> list(String product) {
    return jdbc.sql("select hardware, document from fleet_bootloader where product = ? order by id")
        .param(product)
        .query(rows())
        .list();
  }

  public Optional<Registered> find(String product, String id) {
    return jdbc.sql("select hardware, document from fleet_bootloader where product = ? and id = ?")
        .params(product, id)
        .query(rows())
        .optional();
  }

  /** Registers a bootloader; it never changes after, since devices have it. */
  @Transactional
  public void register(String product, Registered registered) {
    products.require(product);
    Bootloader bootloader = registered.bootloader();
    Products.requireName("id", bootloader.id());
    if (products.hardware(product, registered.hardware()).isEmpty()) {
      throw SignerException.notFound("hardware " + registered.hardware());
    }
    if (bootloader.anchors().isEmpty() || !bootloader.trialAnchors().isEmpty()) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "anchors: a bootloader boots what at least one key has signed");
    }
    if (find(product, bootloader.id()).isPresent()) {
      throw SignerException.conflict("there is a bootloader " + bootloader.id() + " already");
    }
    jdbc.sql("insert into fleet_bootloader values (?, ?, ?, ?)")
        .params(
            product, bootloader.id(), registered.hardware(), bootloader.toJson().canonicalBytes())
        .update();
    audit.record(
        "bootloader.registered",
        "bootloader:" + product + "/" + bootloader.id(),
        Map.of(
            "anchors",
            bootloader.anchors().stream()
                .map(anchor -> anchor.keyId().abbreviated())
                .collect(Collectors.joining(","))));
  }

  private static RowMapper<Registered> rows() {
    return (row, n) -> new Registered(row.getString(1), read(row.getBytes(2)));
  }

  private static Bootloader read(byte[] document) {
    try {
      return Bootloader.read(JsonReader.readObject(document, MAX_BYTES));
    } catch (RejectedException e) {
      throw new IllegalStateException("a registered bootloader is damaged", e);
    }
  }
}
