package io.gpa4j;

/** Checks that the option records share. */
final class Options {
  private Options() {}

  static int checkMaxTokens(int value) {
    if (value < 0) {
      throw new IllegalArgumentException("maxTokens is " + value + ", expected 0 or more");
    }
    return value;
  }
}
