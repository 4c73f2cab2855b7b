package io.gpa4j.cli;

import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code gpa}. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(
    name = "gpa",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Speech recognition, speech with a cloned voice, and voice conversion with the GPA model.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong usage. An error is one line on standard error; --debug adds",
      "where it comes from.",
      "`gpa COMMAND --help` tells more about a command."
    },
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
      InspectCommand.class,
      VerifyCommand.class,
      LoadTestCommand.class,
      FabricateCommand.class,
      DevicesCommand.class,
      DemoCommand.class,
      HelpCommand.class
    })
public final class Main implements Runnable {
  private static final int HELP_COLUMNS = 100;
  // How long a signal waits for the running command to clean up.
  private static final int LAST_SECONDS = 5;

  @Spec private CommandSpec spec;
  private boolean debug;

  private Main() {}

  @Option(names = "--debug", description = "Print stack traces and the engine's log.", scope = ScopeType.INHERIT)
  void debug(boolean on) {
    debug = on;
    if (on) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "info");
    }
  }

  /** Without a command there is nothing to do but to show the commands. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command is given");
  }

  public static void main(String[] args) {
    CountDownLatch over = new CountDownLatch(1);
    Thread command = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> interrupt(command, over), "gpa-shutdown"));
    int code = run(args);
    over.countDown();
    System.exit(code);
  }

  // A signal ends the process while the command runs: it is cancelled, so that it removes what it has half written.
  private static void interrupt(Thread command, CountDownLatch over) {
    try {
      if (over.getCount() > 0) {
        command.interrupt();
        over.await(LAST_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      // The process ends anyway.
    }
  }

  /** Runs one command line and returns its exit code. Output goes to System.out, errors to System.err, both in UTF-8. */
  public static int run(String... args) {
    Main main = new Main();
    CommandLine line = new CommandLine(main);
    line.setOut(utf8(System.out)).setErr(utf8(System.err))
        .setExpandAtFiles(false)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(HELP_COLUMNS)
        .registerConverter(Path.class, Values::path)
        .setParameterExceptionHandler((e, given) -> Errors.misused(e, given, main.debug))
        .setExecutionExceptionHandler((e, command, parsed) -> Errors.failed(e, command, main.debug));
    try {
      return line.execute(args);
    } catch (Error e) {
      return Errors.failed(e, line, main.debug);
    } finally {
      line.getOut().flush();
      line.getErr().flush();
    }
  }

  private static PrintWriter utf8(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"gpa4j " + io.gpa4j.Device.libraryVersion()};
    }
  }
}
