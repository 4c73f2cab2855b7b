package io.gpa4j.bindings.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * What JavaCPP needs to know of {@code gpa/gpa.h}: the header is the contract, everything in
 * {@code io.gpa4j.bindings} and {@code io.gpa4j.bindings.global} is generated from it.
 *
 * <p>Strings cross as UTF-8 whatever the JVM's charset is. {@code libgpa.so} travels in the jar beside
 * the JNI library, which finds it by {@code $ORIGIN}.
 */
@Properties(
    value = @Platform(
        value = {"linux-x86_64", "linux-arm64"},
        include = "gpa/gpa.h",
        link = "gpa",
        define = "STRING_BYTES_CHARSET \"UTF-8\""),
    target = "io.gpa4j.bindings",
    global = "io.gpa4j.bindings.global.gpa")
public class gpa implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    infoMap.put(new Info("GPA_API").cppTypes().annotations());
    // The samples come as an address: a pointer object for each chunk would be garbage.
    infoMap.put(new Info("gpa_chunk_fn").javaText("""
        @Properties(inherit = io.gpa4j.bindings.presets.gpa.class)
        public class gpa_chunk_fn extends FunctionPointer {
            static { Loader.load(); }
            public    gpa_chunk_fn(Pointer p) { super(p); }
            protected gpa_chunk_fn() { allocate(); }
            private native void allocate();
            public native int call(Pointer user, @Cast("uint64_t") long id, @Cast("const float*") long pcm, @Cast("int64_t") long samples);
        }
        """));
    infoMap.put(new Info("gpa_request_params::chunk").javaText(
        "public native gpa_chunk_fn chunk(); public native gpa_request_params chunk(gpa_chunk_fn setter);"));
    // Enums stay plain ints: a status or type that a newer library adds must not break the caller.
  }
}
