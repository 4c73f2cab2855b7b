package io.gpa4j.gguf;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file that is written beside its place and takes it when it is whole. Its owner holds a lock on it, which ends with the process: so
 * the next one to write to the same place can tell what a dead process left there, and removes it.
 */
final class TemporaryFile implements AutoCloseable {
  private static final String SUFFIX = ".part";
  private static final int ATTEMPTS = 100;
  // A process gives up its locks on a file when it closes any channel to it: it must not open its own files a second time.
  private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

  private final Path target;
  private final Path path;
  private final FileChannel channel;
  private boolean moved;

  private TemporaryFile(Path target, Path path, FileChannel channel) {
    this.target = target;
    this.path = path;
    this.channel = channel;
  }

  /** Makes an empty file; the target is an absolute path in a folder that exists. */
  static TemporaryFile create(Path target) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Path path = Files.createTempFile(target.getParent(), prefix(target), SUFFIX);
      OWN.add(path);
      FileChannel channel = null;
      TemporaryFile file = null;
      try {
        channel = FileChannel.open(path, StandardOpenOption.WRITE);
        if (lock(channel) && Files.exists(path)) {
          file = new TemporaryFile(target, path, channel);
          return file;
        }
      } catch (NoSuchFileException e) {
        // Taken for abandoned before it was opened: the next one.
      } finally {
        if (file == null) {
          discard(channel, path);
          OWN.remove(path);
        }
      }
    }
    throw new IOException("another process keeps removing the temporary file");
  }

  // Before it is locked it may look abandoned, and be gone.
  private static boolean lock(FileChannel channel) {
    try {
      channel.lock();
      return true;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      // A file system without locks: there nobody removes anything.
      return true;
    }
  }

  /** Removes the files that dead processes left beside a target, as far as it can. */
  static void removeAbandoned(Path target) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(target.getParent(), file -> isTemporary(file, target))) {
      for (Path file : files) {
        if (!OWN.contains(file) && isAbandoned(file)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // If the folder is out of reach, writing will say so.
    }
  }

  private static boolean isTemporary(Path file, Path target) {
    String name = file.getFileName().toString();
    int number = prefix(target).length();
    return name.startsWith(prefix(target)) && name.endsWith(SUFFIX) && name.length() > number + SUFFIX.length()
        && name.substring(number, name.length() - SUFFIX.length()).chars().allMatch(Character::isDigit);
  }

  private static boolean isAbandoned(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE); FileLock lock = channel.tryLock()) {
      return lock != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false;
    }
  }

  private static String prefix(Path target) {
    return "." + target.getFileName();
  }

  FileChannel channel() {
    return channel;
  }

  /** Forces the content to disk and puts the file in its place, replacing what was there. */
  void moveToTarget() throws IOException {
    channel.force(true);
    try {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
    } catch (UnsupportedOperationException e) {
      // Not a POSIX file system: it has its own defaults.
    }
    try {
      Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(path, target, StandardCopyOption.REPLACE_EXISTING);
    }
    moved = true;
    forceFolder();
    channel.close();
  }

  // A rename lasts only when the folder is on disk too.
  private void forceFolder() throws IOException {
    try (FileChannel folder = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  /** Ends with it; unless it has taken its place nothing is left. */
  @Override
  public void close() {
    discard(channel, moved ? null : path);
    OWN.remove(path);
  }

  private static void discard(FileChannel channel, Path path) {
    try {
      if (channel != null) {
        channel.close();
      }
      if (path != null) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // The failure that led here is the one to tell.
    }
  }
}
