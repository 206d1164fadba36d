package dev.otasigner.service.signing;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.tomcat.util.http.fileupload.FileItemIterator;
import org.apache.tomcat.util.http.fileupload.FileItemStream;
import org.apache.tomcat.util.http.fileupload.FileUpload;
import org.apache.tomcat.util.http.fileupload.FileUploadException;
import org.apache.tomcat.util.http.fileupload.UploadContext;
import org.apache.tomcat.util.http.fileupload.impl.FileUploadIOException;
import org.apache.tomcat.util.http.fileupload.impl.SizeLimitExceededException;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a {@code multipart/form-data} body, one after the other as they come in: nothing is
 * put aside, and the file names that a client gives are never looked at.
 */
final class FormParts {
  static final int MAX_PARTS = 32;
  private static final int MAX_HEADER_BYTES = 4096;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private final String contentType;
  private final long maxBytes;

  /**
   * Parts of a body of this type.
   *
   * @param maxBytes of the whole body
   * @throws SignerException UNSUPPORTED_MEDIA_TYPE
   */
  FormParts(@Nullable String contentType, long maxBytes) {
    if (contentType == null
        || !contentType.toLowerCase(Locale.ROOT).startsWith("multipart/form-data")) {
      throw new SignerException(
          ProblemType.UNSUPPORTED_MEDIA_TYPE, "multipart/form-data is expected");
    }
    this.contentType = contentType;
    this.maxBytes = maxBytes;
  }

  /** Takes a part's bytes. */
  interface Taker {
    void take(String name, InputStream file) throws IOException;
  }

  /**
   * Reads them all.
   *
   * @throws SignerException BAD_REQUEST or TOO_LARGE; the parts before have been taken
   */
  void read(InputStream body, Taker taker) throws IOException {
    FileUpload upload = new FileUpload();
    upload.setPartHeaderSizeMax(MAX_HEADER_BYTES);
    upload.setSizeMax(maxBytes);
    Set<String> names = new HashSet<>();
    try {
      FileItemIterator parts = upload.getItemIterator(new Body(contentType, body));
      while (parts.hasNext()) {
        FileItemStream part = parts.next();
        String name = part.getFieldName();
        if (name == null || !NAME.matcher(name).matches()) {
          throw wrong("the name of part " + (names.size() + 1) + " is not like " + NAME.pattern());
        }
        if (!names.add(name)) {
          throw wrong("two parts are called " + name);
        }
        if (names.size() > MAX_PARTS) {
          throw wrong("at most " + MAX_PARTS + " files are taken in one call");
        }
        try (InputStream file = part.openStream()) {
          taker.take(name, file);
        }
      }
    } catch (FileUploadException e) {
      throw understood(e);
    } catch (FileUploadIOException e) {
      throw understood(
          e.getCause() instanceof FileUploadException why
              ? why
              : new FileUploadException(e.getMessage()));
    } catch (org.apache.tomcat.util.http.fileupload.MultipartStream.MalformedStreamException e) {
      throw wrong("the body is no multipart/form-data, or ends early");
    }
    if (names.isEmpty()) {
      throw wrong("a file is expected");
    }
  }

  private SignerException understood(FileUploadException e) {
    return e instanceof SizeLimitExceededException size && size.getPermittedSize() == maxBytes
        ? new SignerException(
            ProblemType.TOO_LARGE, "at most " + maxBytes + " bytes are taken in one call")
        : wrong("the body is no multipart/form-data, or ends early");
  }

  private static SignerException wrong(String why) {
    return new SignerException(ProblemType.BAD_REQUEST, why);
  }

  private record Body(String contentType, InputStream in) implements UploadContext {
    /** Whatever is stated: the bytes are counted as they come. */
    @Override
    public long contentLength() {
      return -1;
    }

    @Override
    public String getCharacterEncoding() {
      return "UTF-8";
    }

    @Override
    public String getContentType() {
      return contentType;
    }

    @Override
    public InputStream getInputStream() {
      return in;
    }
  }
}
