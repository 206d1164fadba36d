package dev.otasigner.service.problem;

import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.core.io.Resource;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyAdvice;

/** A range that a file does not have is refused; left alone, 416 would come with the whole file. */
@ControllerAdvice
class UnsatisfiableRange implements ResponseBodyAdvice<Object> {

  @Override
  public boolean supports(
      MethodParameter returnType, Class<? extends HttpMessageConverter<?>> converter) {
    return true;
  }

  @Override
  public @Nullable Object beforeBodyWrite(
      @Nullable Object body,
      MethodParameter returnType,
      MediaType mediaType,
      Class<? extends HttpMessageConverter<?>> converter,
      ServerHttpRequest request,
      ServerHttpResponse response) {
    if (body instanceof Resource
        && response instanceof ServletServerHttpResponse servlet
        && servlet.getServletResponse().getStatus()
            == HttpServletResponse.SC_REQUESTED_RANGE_NOT_SATISFIABLE) {
      throw new SignerException(
          ProblemType.RANGE_NOT_SATISFIABLE, "Range: a part that the file has is expected");
    }
    return body;
  }
}
