package io.gpa4j.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The flow of the house, left to right: programs, public API, internals, bindings. */
class ArchitectureTest {
  // The generated bindings obey their generator.
  private static final JavaClasses HOUSE = new ClassFileImporter()
      .withImportOption(location -> !location.contains("io/gpa4j/bindings/")).importPackages("io.gpa4j");

  @Test
  void javacpp_isSeenByInternalsOnly() {
    noClasses().that().resideOutsideOfPackage("io.gpa4j.internal..")
        .should().dependOnClassesThat().resideInAnyPackage("org.bytedeco..", "io.gpa4j.bindings..")
        .check(HOUSE);
  }

  @Test
  void internals_areSeenByTheLibraryOnly() {
    noClasses().that().resideOutsideOfPackages("io.gpa4j", "io.gpa4j.internal..")
        .should().dependOnClassesThat().resideInAPackage("io.gpa4j.internal..")
        .check(HOUSE);
  }

  @Test
  void publicSignatures_holdPublicTypes() {
    classes().that().resideInAPackage("io.gpa4j").and().arePublic().should(new HavePublicSignatures())
        .check(HOUSE);
  }

  @Test
  void library_knowsNeitherToolsNorCommandLine() {
    noClasses().that().resideInAnyPackage("io.gpa4j", "io.gpa4j.internal..")
        .should().dependOnClassesThat()
        .resideInAnyPackage("io.gpa4j.cli..", "io.gpa4j.conversion..", "io.gpa4j.checkpoint..", "io.gpa4j.fabricate..",
              "io.gpa4j.verify..", "io.gpa4j.quality..", "io.gpa4j.report..", "io.gpa4j.gguf..")
        .check(HOUSE);
  }

  @Test
  void tools_doNotKnowTheCommandLine() {
    noClasses().that().resideOutsideOfPackages("io.gpa4j.cli..", "io.gpa4j.tests..")
        .should().dependOnClassesThat().resideInAPackage("io.gpa4j.cli..")
        .check(HOUSE);
  }

  @Test
  void publicClasses_areFinalUnlessExtended() {
    classes().that().resideInAPackage("io.gpa4j").and().arePublic().and().areNotInterfaces().and().areNotEnums()
        .and().doNotHaveSimpleName("GpaException").and().doNotHaveSimpleName("AudioFormatException")
        .should().haveModifier(JavaModifier.FINAL)
        .check(HOUSE);
  }

  @Test
  void benchmarksAndTests_importThePublicApiOnly() throws IOException {
    for (String folder : List.of("jmh/src", "tests/java/src", "java/gpa4j-cli/src", "conversion/src")) {
      try (Stream<Path> files = Files.walk(Project.root().resolve(folder))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          assertThat(Files.readAllLines(file)).as(file.toString())
              .noneMatch(line -> line.matches("import (static )?(io\\.gpa4j\\.internal|io\\.gpa4j\\.bindings|org\\.bytedeco)\\..*"));
        }
      }
    }
  }

  /** No type of the internals, of the bindings or of JavaCPP in what a user can call, extend or catch. */
  private static final class HavePublicSignatures extends ArchCondition<JavaClass> {
    HavePublicSignatures() {
      super("have public signatures of public types only");
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
      for (JavaCodeUnit unit : type.getCodeUnits()) {
        if (visible(unit.getModifiers()) && !unit.getModifiers().contains(JavaModifier.SYNTHETIC)) {
          Set<JavaClass> types = new HashSet<>(unit.getReturnType().getAllInvolvedRawTypes());
          unit.getParameterTypes().forEach(parameter -> types.addAll(parameter.getAllInvolvedRawTypes()));
          unit.getExceptionTypes().forEach(types::add);
          report(unit.getFullName(), types, events);
        }
      }
      for (JavaField field : type.getFields()) {
        if (visible(field.getModifiers())) {
          report(field.getFullName(), field.getType().getAllInvolvedRawTypes(), events);
        }
      }
      type.getSuperclass().ifPresent(superclass -> report(type.getName(), superclass.getAllInvolvedRawTypes(), events));
    }

    private static boolean visible(Set<JavaModifier> modifiers) {
      return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static void report(String where, Set<JavaClass> types, ConditionEvents events) {
      for (JavaClass type : types) {
        String of = type.getPackageName();
        if (of.startsWith("io.gpa4j.internal") || of.startsWith("io.gpa4j.bindings") || of.startsWith("org.bytedeco")
            || of.startsWith("ai.djl")) {
          events.add(SimpleConditionEvent.violated(type, where + " shows " + type.getName()));
        }
      }
    }
  }
}
