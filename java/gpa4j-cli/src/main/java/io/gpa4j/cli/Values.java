package io.gpa4j.cli;

import io.gpa4j.ElementType;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads what stands on a command line; errors say what is expected. */
final class Values {
  private Values() {}

  static Path path(String text) {
    if (text.isBlank()) {
      throw new TypeConversionException("a path is expected, but it is empty");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + text + "' is no path: " + e.getReason());
    }
  }

  /** Types that weights may have; reads and lists their names, in small letters. */
  static final class WeightType implements ITypeConverter<ElementType>, Iterable<String> {
    private static final List<String> NAMES = Arrays.stream(ElementType.values()).filter(type -> type != ElementType.I32)
        .map(type -> type.name().toLowerCase(Locale.ROOT)).toList();

    @Override
    public ElementType convert(String text) {
      String name = text.toLowerCase(Locale.ROOT);
      if (!NAMES.contains(name)) {
        throw new TypeConversionException("'" + text + "' is no type of weights; choose " + String.join(", ", NAMES));
      }
      return ElementType.valueOf(name.toUpperCase(Locale.ROOT));
    }

    @Override
    public Iterator<String> iterator() {
      return NAMES.iterator();
    }
  }
}
