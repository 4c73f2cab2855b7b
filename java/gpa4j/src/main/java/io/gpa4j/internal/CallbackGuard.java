package io.gpa4j.internal;

/** Knows which threads are inside a chunk callback: what waits for the callback's end must not be called there. */
final class CallbackGuard {
  private static final ThreadLocal<Boolean> INSIDE = new ThreadLocal<>();

  private CallbackGuard() {}

  static void enter() {
    INSIDE.set(Boolean.TRUE);
  }

  static void leave() {
    INSIDE.set(null);  // the entry stays: none is made for the next chunk
  }

  static boolean isInside() {
    return INSIDE.get() != null;
  }
}
