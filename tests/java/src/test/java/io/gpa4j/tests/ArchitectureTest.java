package io.gpa4j.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.HashSet;
import java.util.Set;

/** The flow of the house, left to right: programs, public API, internals, bindings. */
@AnalyzeClasses(packages = "io.gpa4j", importOptions = ArchitectureTest.WithoutGenerated.class)
class ArchitectureTest {
  /** The generated bindings obey their generator. */
  static final class WithoutGenerated implements ImportOption {
    @Override
    public boolean includes(com.tngtech.archunit.core.importer.Location location) {
      return !location.contains("io/gpa4j/bindings/");
    }
  }

  @ArchTest
  static final ArchRule ONLY_INTERNALS_SEE_JAVACPP =
      noClasses().that().resideOutsideOfPackage("io.gpa4j.internal..")
          .should().dependOnClassesThat().resideInAnyPackage("org.bytedeco..", "io.gpa4j.bindings..");

  @ArchTest
  static final ArchRule ONLY_THE_LIBRARY_SEES_INTERNALS =
      noClasses().that().resideOutsideOfPackages("io.gpa4j", "io.gpa4j.internal..")
          .should().dependOnClassesThat().resideInAPackage("io.gpa4j.internal..");

  @ArchTest
  static final ArchRule PUBLIC_SIGNATURES_HOLD_PUBLIC_TYPES =
      classes().that().resideInAPackage("io.gpa4j").and().arePublic().should(new HavePublicSignatures());

  @ArchTest
  static final ArchRule THE_LIBRARY_KNOWS_NEITHER_TOOLS_NOR_COMMAND_LINE =
      noClasses().that().resideInAnyPackage("io.gpa4j", "io.gpa4j.internal..")
          .should().dependOnClassesThat()
          .resideInAnyPackage("io.gpa4j.cli..", "io.gpa4j.conversion..", "io.gpa4j.checkpoint..", "io.gpa4j.fabricate..",
              "io.gpa4j.verify..", "io.gpa4j.gguf..");

  @ArchTest
  static final ArchRule TOOLS_DO_NOT_KNOW_THE_COMMAND_LINE =
      noClasses().that().resideOutsideOfPackages("io.gpa4j.cli..", "io.gpa4j.tests..")
          .should().dependOnClassesThat().resideInAPackage("io.gpa4j.cli..");

  @ArchTest
  static final ArchRule PUBLIC_CLASSES_ARE_FINAL_UNLESS_EXTENDED =
      classes().that().resideInAPackage("io.gpa4j").and().arePublic().and().areNotInterfaces().and().areNotEnums()
          .and().doNotHaveSimpleName("GpaException").and().doNotHaveSimpleName("AudioFormatException")
          .should().haveModifier(JavaModifier.FINAL);

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
