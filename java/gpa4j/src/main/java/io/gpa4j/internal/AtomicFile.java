package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaIoException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Files that are there whole or not at all: written beside their place, forced to disk, renamed. */
public final class AtomicFile {
  /** Writes the content. */
  public interface Writer {
    /** Writes all of it to a buffered stream. */
    void write(OutputStream out) throws IOException;
  }

  private AtomicFile() {}

  /** Writes or replaces a file; {@link GpaIoException}, and {@link CancelledException} at an interrupt, leave what was there before. */
  public static void write(Path path, Writer writer) {
    Path target = path.toAbsolutePath();
    checkPlace(path, target);
    Path temporary = null;
    try {
      temporary = Files.createTempFile(target.getParent(), "." + target.getFileName(), ".part");
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        writer.write(out);
        out.flush();
        channel.force(true);
      }
      try {
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
      } catch (UnsupportedOperationException e) {
        // Not a POSIX file system: it has its own defaults.
      }
      try {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
      temporary = null;
    } catch (ClosedByInterruptException e) {
      throw new CancelledException(path + ": the thread was interrupted while it was written", e);
    } catch (IOException e) {
      throw new GpaIoException(path + ": cannot be written: " + reason(e), e);
    } finally {
      if (temporary != null) {
        try {
          Files.deleteIfExists(temporary);
        } catch (IOException e) {
          // The first failure is the one to tell.
        }
      }
    }
  }

  private static void checkPlace(Path path, Path target) {
    if (Files.isDirectory(target)) {
      throw new GpaIoException(path + ": cannot be written: it is a folder");
    }
    if (target.getParent() != null && !Files.isDirectory(target.getParent())) {
      throw new GpaIoException(path + ": cannot be written: there is no folder " + target.getParent());
    }
  }

  // The temporary file's name would say nothing.
  static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return "no file can be made there";
    }
    return e instanceof FileSystemException file && file.getReason() != null ? file.getReason() : e.getClass().getSimpleName() + " " + e.getMessage();
  }
}
