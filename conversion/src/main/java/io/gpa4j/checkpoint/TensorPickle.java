package io.gpa4j.checkpoint;

import io.gpa4j.ModelFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.Unpickler;

/**
 * Reads the pickle of a dictionary of tensors. Opcodes and classes outside the allow-lists are refused by name; nothing of the pickle is
 * ever run. What it builds may share and contain itself: nothing here looks into a value that it has not asked for.
 */
final class TensorPickle {
  private static final int MAX_RANK = 8;
  private static final int MAX_OPCODES = 1 << 19;
  private static final int MAX_NAME = 256;

  /** Where a tensor's data lies: an entry of the zip. */
  record Storage(String key, StoredType type) {}

  /** A view of a storage; shape, strides and offset in elements, none negative. */
  record Tensor(Storage storage, long offset, long[] shape, long[] strides) {
    boolean isContiguous() {
      long expected = 1;
      for (int d = shape.length - 1; d >= 0; d--) {
        if (shape[d] != 1 && strides[d] != expected) {
          return false;
        }
        expected *= shape[d];
      }
      return true;
    }
  }

  private record StorageClass(String name) implements IObjectConstructor {
    @Override
    public Object construct(Object[] args) {
      throw new IllegalArgumentException("torch." + name + " is constructed, not referred to");
    }
  }

  private final String file;

  TensorPickle(String file) {
    this.file = file;
  }

  /** The object that the pickle describes. */
  Object load(byte[] pickle) {
    try {
      return new GuardedUnpickler().load(new ByteArrayInputStream(pickle));
    } catch (ModelFormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new ModelFormatException(file + ": data.pkl is damaged: " + e.getMessage(), e);
    }
  }

  private IObjectConstructor find(String module, String name) {
    switch (module + "." + name) {
      case "collections.OrderedDict":
        return this::newMap;
      case "torch._utils._rebuild_tensor_v2":
        return this::rebuildTensor;
      case "torch._utils._rebuild_parameter":
        return args -> args[0];
      default:
        if (module.equals("torch") && StoredType.ofTorchStorage(name) != null) {
          return new StorageClass(name);
        }
        throw new ModelFormatException(file + ": its pickle names the class " + module + "." + name
            + ", which no dictionary of tensors needs; refused, as such a file could run code elsewhere");
    }
  }

  // Newer PyTorch fills the map afterwards; the oldest hands over a list of pairs.
  private Object newMap(Object[] args) {
    Map<Object, Object> map = new LinkedHashMap<>();
    if (args.length > 0 && args[0] instanceof List<?> pairs) {
      for (Object pair : pairs) {
        Object[] entry = elements(pair);
        if (entry == null || entry.length != 2) {
          throw new ModelFormatException(file + ": data.pkl holds a dictionary of something else than pairs");
        }
        put(map, entry[0], entry[1]);
      }
    }
    return map;
  }

  // Keys that hold others could hold themselves, and to hash them would never end.
  private void put(Map<Object, Object> map, Object key, Object value) {
    if (!(key instanceof String || key instanceof Number || key instanceof Boolean)) {
      throw new ModelFormatException(file + ": data.pkl holds a dictionary with a key that is neither text nor a number");
    }
    map.put(key, value);
  }

  /** The elements of a tuple or list, null for other things. */
  private static Object[] elements(Object value) {
    return value instanceof Object[] array ? array : value instanceof List<?> list ? list.toArray() : null;
  }

  private Tensor rebuildTensor(Object[] args) {
    if (args.length < 4 || !(args[0] instanceof Storage storage)) {
      throw new ModelFormatException(file + ": data.pkl rebuilds a tensor from something else than a storage");
    }
    long[] shape = extents(args[2], "shape");
    long[] strides = extents(args[3], "strides");
    if (shape.length != strides.length) {
      throw new ModelFormatException(file + ": a tensor has " + shape.length + " extents and " + strides.length + " strides");
    }
    return new Tensor(storage, extent(args[1], "offset"), shape, strides);
  }

  private long[] extents(Object tuple, String what) {
    Object[] values = elements(tuple);
    if (values == null || values.length > MAX_RANK) {
      throw new ModelFormatException(file + ": a tensor's " + what + " is no tuple of at most " + MAX_RANK + " integers");
    }
    long[] extents = new long[values.length];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = extent(values[i], what);
    }
    return extents;
  }

  private long extent(Object value, String what) {
    if (value instanceof Number number && number.longValue() >= 0 && (number instanceof Integer || number instanceof Long)) {
      return number.longValue();
    }
    throw new ModelFormatException(file + ": a tensor's " + what + " holds " + (value instanceof Number ? value : "something else than a number"));
  }

  /** The library's loop and stack; opcodes that could recurse, hash what the pickle built or allocate by a word of it are done here or not at all. */
  private final class GuardedUnpickler extends Unpickler {
    private int opcodes;

    @Override
    protected Object persistentLoad(Object id) {
      Object[] parts = elements(id);
      if (parts == null || parts.length < 5 || !"storage".equals(parts[0]) || !(parts[1] instanceof StorageClass type)
          || !(parts[2] instanceof String key)) {
        throw new ModelFormatException(file + ": data.pkl refers to something else than a storage");
      }
      return new Storage(key, StoredType.ofTorchStorage(type.name()));
    }

    @Override
    protected Object dispatch(short key) throws IOException {
      if (++opcodes > MAX_OPCODES) {
        throw new ModelFormatException(file + ": data.pkl has more than " + MAX_OPCODES + " opcodes");
      }
      switch (key) {
        case Opcodes.GLOBAL -> stack.add(find(line(), line()));
        case Opcodes.STACK_GLOBAL -> {
          Object name = stack.pop();
          if (!(stack.pop() instanceof String module) || !(name instanceof String text)) {
            throw new ModelFormatException(file + ": data.pkl names a class by something else than text");
          }
          stack.add(find(module, text));
        }
        // The state of an OrderedDict (its _metadata) says nothing about the tensors.
        case Opcodes.BUILD -> stack.pop();
        case Opcodes.EMPTY_DICT -> stack.add(new LinkedHashMap<Object, Object>());
        case Opcodes.SETITEM -> {
          Object value = stack.pop();
          Object name = stack.pop();
          put(top(), name, value);
        }
        case Opcodes.SETITEMS -> {
          List<Object> items = stack.pop_all_since_marker();
          for (int i = 0; i + 1 < items.size(); i += 2) {
            put(top(), items.get(i), items.get(i + 1));
          }
        }
        case Opcodes.BINUNICODE -> {
          checkLength(4);
          return super.dispatch(key);
        }
        case Opcodes.PROTO, Opcodes.FRAME, Opcodes.STOP, Opcodes.MARK, Opcodes.EMPTY_LIST, Opcodes.EMPTY_TUPLE, Opcodes.TUPLE, Opcodes.TUPLE1,
            Opcodes.TUPLE2, Opcodes.TUPLE3, Opcodes.REDUCE, Opcodes.BINPERSID, Opcodes.BINPUT, Opcodes.LONG_BINPUT, Opcodes.MEMOIZE, Opcodes.BINGET,
            Opcodes.LONG_BINGET, Opcodes.SHORT_BINUNICODE, Opcodes.BININT, Opcodes.BININT1, Opcodes.BININT2, Opcodes.LONG1, Opcodes.BINFLOAT,
            Opcodes.NONE, Opcodes.NEWTRUE, Opcodes.NEWFALSE, Opcodes.APPEND, Opcodes.APPENDS -> {
          return super.dispatch(key);
        }
        default -> throw new ModelFormatException(file + ": data.pkl uses opcode " + key + ", which no dictionary of tensors needs");
      }
      return NO_RETURN_VALUE;
    }

    private Map<Object, Object> top() {
      if (stack.peek() instanceof Map<?, ?> map) {
        @SuppressWarnings("unchecked")
        Map<Object, Object> typed = (Map<Object, Object>) map;
        return typed;
      }
      throw new ModelFormatException(file + ": data.pkl sets an item of something else than a dictionary");
    }

    // The library allocates what a length says before it reads: a length must fit what is left.
    private void checkLength(int bytes) throws IOException {
      input.mark(bytes);
      long length = 0;
      for (int i = 0; i < bytes; i++) {
        length |= (long) (input.read() & 0xFF) << 8 * i;
      }
      if (length < 0 || length > input.available()) {
        throw new ModelFormatException(file + ": data.pkl holds a string of " + Long.toUnsignedString(length) + " bytes, "
            + input.available() + " are left");
      }
      input.reset();
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = input.read(); c != '\n'; c = input.read()) {
        if (c < 0 || line.length() > MAX_NAME) {
          throw new ModelFormatException(file + ": data.pkl holds a name without end");
        }
        line.append((char) c);
      }
      return line.toString();
    }
  }
}
