package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The service from death to death. */
final class Lives implements AutoCloseable {
  /** What is done while the service lives its last seconds. */
  interface Work {
    Operator.Answer run() throws IOException;
  }

  private final Path data;
  private final Path halt;
  private final RegisteredProduct product;
  private ServiceProcess service;
  private int deaths;

  Lives(Path data, Path halt, RegisteredProduct product) throws IOException {
    this.data = data;
    this.halt = halt;
    this.product = product;
    this.service = ServiceProcess.haltingBy(halt, data);
    product.signIn(service);
  }

  int deaths() {
    return deaths;
  }

  ServiceProcess now() {
    return service;
  }

  /** The service dies of the work, whoever asked hears nothing, and another one takes over. */
  void dieAt(String milestone, int time, Work work) throws IOException {
    Path armed = halt.resolveSibling("arming");
    Files.writeString(armed, milestone + " " + time);
    Files.move(armed, halt, StandardCopyOption.ATOMIC_MOVE);
    Operator.Answer answer = work.run();
    assertThat(service.waitForEnd()).as("exit at " + milestone + answer.err()).isEqualTo(137);
    assertThat(answer.status()).as(milestone + answer.out()).isNotZero();
    Files.delete(halt);
    deaths++;
    service = ServiceProcess.haltingBy(halt, data);
    product.signIn(service);
  }

  @Override
  public void close() throws IOException {
    service.close();
  }
}
