package io.gpa4j.cli;

import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.TypeOverride;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.Function;
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

  /** Recipes of types; reads and lists their names. */
  static final class RecipeName implements ITypeConverter<Recipe>, Iterable<String> {
    @Override
    public Recipe convert(String text) {
      return read(text, Recipe::of);
    }

    @Override
    public Iterator<String> iterator() {
      return Recipe.labels().iterator();
    }
  }

  /** A type for some weights. */
  static final class Overriding implements ITypeConverter<TypeOverride> {
    @Override
    public TypeOverride convert(String text) {
      return read(text, TypeOverride::parse);
    }
  }

  private static <T> T read(String text, Function<String, T> reader) {
    try {
      return reader.apply(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
