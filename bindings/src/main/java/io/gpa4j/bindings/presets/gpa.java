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
    // Enums stay plain ints: a status or type that a newer library adds must not break the caller.
  }
}
