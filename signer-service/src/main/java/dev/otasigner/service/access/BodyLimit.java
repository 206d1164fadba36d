package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.function.ToLongFunction;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Refuses a body that is longer than its path allows, whether it says so or just goes on, and one
 * that only drips.
 */
public final class BodyLimit extends OncePerRequestFilter {
  private final ToLongFunction<String> maxBytes;
  private final HandlerExceptionResolver problems;

  /**
   * A filter.
   *
   * @param maxBytes the limit for a path
   */
  public BodyLimit(ToLongFunction<String> maxBytes, HandlerExceptionResolver problems) {
    this.maxBytes = maxBytes;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    long limit = maxBytes.applyAsLong(request.getRequestURI());
    if (request.getContentLengthLong() > limit) {
      problems.resolveException(request, response, null, tooLarge(limit));
      return;
    }
    chain.doFilter(new Limited(request, limit), response);
  }

  private static SignerException tooLarge(long limit) {
    return new SignerException(ProblemType.TOO_LARGE, "at most " + limit + " bytes are taken");
  }

  private static final class Limited extends HttpServletRequestWrapper {
    private final long limit;

    Limited(HttpServletRequest request, long limit) {
      super(request);
      this.limit = limit;
    }

    @Override
    public ServletInputStream getInputStream() throws IOException {
      return new Counting(super.getInputStream(), limit);
    }
  }

  private static final class Counting extends ServletInputStream {
    private final ServletInputStream in;
    private final long limit;
    private final BodyPace pace = new BodyPace(System::nanoTime);
    private long read;

    Counting(ServletInputStream in, long limit) {
      this.in = in;
      this.limit = limit;
    }

    private int count(int n) {
      read += Math.max(n, 0);
      if (read > limit) {
        throw tooLarge(limit);
      }
      return n;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      pace.waits();
      int n;
      try {
        n = in.read(buffer, offset, length);
      } catch (SocketTimeoutException e) {
        throw pace.givesUp();
      }
      pace.brought(n);
      return count(n);
    }

    @Override
    public boolean isFinished() {
      return in.isFinished();
    }

    @Override
    public boolean isReady() {
      return in.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      in.setReadListener(listener);
    }
  }
}
