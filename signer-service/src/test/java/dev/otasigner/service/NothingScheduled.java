package dev.otasigner.service;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * While a test of such a class runs, the service does nothing of its own accord. For tests that
 * count the audit log's records or bend its tables: other tests' products have catalogues that are
 * signed anew, rollouts that are watched, and listeners that end.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(NothingScheduled.Pause.class)
public @interface NothingScheduled {
  /** Ends what is under way, then holds back what comes due. */
  final class Pause implements BeforeEachCallback, AfterEachCallback {
    private static final long PATIENCE_SECONDS = 60;

    private static ThreadPoolTaskScheduler scheduler(ExtensionContext context) {
      return SpringExtension.getApplicationContext(context).getBean(ThreadPoolTaskScheduler.class);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws InterruptedException {
      CountDownLatch idle = new CountDownLatch(1);
      scheduler(context).stop(idle::countDown);
      if (!idle.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("scheduled work does not end");
      }
    }

    @Override
    public void afterEach(ExtensionContext context) {
      scheduler(context).start();
    }
  }
}
