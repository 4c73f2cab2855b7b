package io.gpa4j.cli;

import io.gpa4j.GpaException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command {@code gpa}. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(
    name = "gpa",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Speech recognition, speech with a cloned voice, and voice conversion with the GPA model.",
    synopsisSubcommandLabel = "COMMAND",
    scope = ScopeType.INHERIT,
    subcommands = {
      AsrCommand.class,
      TtsCommand.class,
      VcCommand.class,
      VoiceCommand.class,
      ConvertCommand.class,
      QuantizeCommand.class,
      ExportLlamaCommand.class,
      ImportLlamaCommand.class,
      FabricateCommand.class,
      DevicesCommand.class,
      DemoCommand.class
    })
public final class Main {
  private boolean debug;

  private Main() {}

  @Option(names = "--debug", description = "Print stack traces and the engine's log.", scope = ScopeType.INHERIT)
  void debug(boolean on) {
    debug = on;
    if (on) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "info");
    }
  }

  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs one command line and returns its exit code. Output goes to System.out, errors to System.err. */
  public static int run(String... args) {
    Main main = new Main();
    return new CommandLine(main)
        .setExecutionExceptionHandler((e, line, parsed) -> report(e, line, main.debug))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .execute(args);
  }

  private static int report(Exception e, CommandLine line, boolean debug) {
    if (debug) {
      e.printStackTrace(line.getErr());
    } else {
      line.getErr().println("gpa: " + oneLine(e));
    }
    return line.getCommandSpec().exitCodeOnExecutionException();
  }

  private static String oneLine(Throwable e) {
    String message = e.getMessage();
    if (e instanceof NoSuchFileException) {
      message = message + ": no such file";
    } else if (message == null || message.isBlank() || !expected(e)) {
      message = e.getClass().getSimpleName() + (message == null ? "" : ": " + message) + " (use --debug for where)";
    }
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }

  // Errors of the user's making carry a message that stands alone; others want their type named.
  private static boolean expected(Throwable e) {
    return e instanceof GpaException || e instanceof IllegalArgumentException || e instanceof UsageException;
  }

  /** What is wrong with the command line or the files it names, said so that the user can mend it. */
  static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"gpa4j " + io.gpa4j.Device.libraryVersion()};
    }
  }
}
