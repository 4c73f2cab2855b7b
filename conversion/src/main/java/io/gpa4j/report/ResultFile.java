package io.gpa4j.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.imageio.ImageIO;

/** Files that hold what a tool found out: each is written or replaced, whole or not at all. */
public final class ResultFile {
  /** Writes the content of a file that is to be. */
  public interface Content {
    /**
     * Writes it.
     *
     * @param file where, for now
     * @throws IOException if it cannot be written
     */
    void write(Path file) throws IOException;
  }

  private ResultFile() {}

  /**
   * Writes or replaces a file.
   *
   * @param target the file
   * @param content what it shall hold
   * @throws IOException if it cannot be written; what stood there is left alone
   */
  public static void replace(Path target, Content content) throws IOException {
    Path temporary = target.resolveSibling("." + target.getFileName() + ".part");
    try {
      content.write(temporary);
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Writes or replaces a picture.
   *
   * @param target the PNG file
   * @param image what it shall show
   * @throws IOException if it cannot be written; what stood there is left alone
   */
  public static void replace(Path target, BufferedImage image) throws IOException {
    replace(target, file -> {
      if (!ImageIO.write(image, "png", file.toFile())) {
        throw new IOException("this JDK has no PNG writer");
      }
    });
  }
}
