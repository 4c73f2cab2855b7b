package io.gpa4j.internal;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** Objects by ids that native code carries; looking one up makes no garbage. Any thread. */
final class IdTable<T> {
  private record Entry<T>(long id, T value) {}

  private volatile AtomicReferenceArray<Entry<T>> entries = new AtomicReferenceArray<>(16);
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private int used;
  private int generation;

  /** Adds an object. Its id has not been given before, nor will it soon be again. */
  synchronized long add(T value) {
    Integer place = free.poll();
    int index = place == null ? used++ : place;
    if (index == entries.length()) {
      grow();
    }
    long id = (long) ++generation << 32 | index;
    entries.set(index, new Entry<>(id, value));
    return id;
  }

  /** The object of an id; null if it was removed. */
  T get(long id) {
    AtomicReferenceArray<Entry<T>> now = entries;
    int index = (int) id;
    Entry<T> entry = index >= 0 && index < now.length() ? now.get(index) : null;
    return entry != null && entry.id == id ? entry.value : null;
  }

  /** Removes an id and returns its object; null if it was removed before. */
  synchronized T remove(long id) {
    T value = get(id);
    if (value != null) {
      entries.set((int) id, null);
      free.push((int) id);
    }
    return value;
  }

  private void grow() {
    AtomicReferenceArray<Entry<T>> larger = new AtomicReferenceArray<>(2 * entries.length());
    for (int i = 0; i < entries.length(); i++) {
      larger.set(i, entries.get(i));
    }
    entries = larger;
  }
}
