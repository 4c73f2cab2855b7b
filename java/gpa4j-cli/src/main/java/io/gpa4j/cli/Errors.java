package io.gpa4j.cli;

import io.gpa4j.GpaException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what went wrong in one line, and what to do about it. */
final class Errors {
  private Errors() {}

  /** A command line that cannot be understood; the exit code for it. */
  static int misused(ParameterException e, String[] args, boolean debug) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    if (args.length == 0) {
      line.usage(err);
      return ExitCode.USAGE;
    }
    trace(e, err, debug);
    err.println("gpa: " + oneLine(usage(e, line)) + "; see `" + line.getCommandSpec().qualifiedName() + " --help`");
    return ExitCode.USAGE;
  }

  /** A command that did not succeed; the exit code for it. */
  static int failed(Throwable e, CommandLine line, boolean debug) {
    trace(e, line.getErr(), debug);
    line.getErr().println("gpa: " + oneLine(e));
    return ExitCode.SOFTWARE;
  }

  private static void trace(Throwable e, PrintWriter err, boolean debug) {
    if (debug) {
      e.printStackTrace(err);
    }
  }

  // picocli's own words, where they do not say what to do or show more than they should, said otherwise.
  private static String usage(ParameterException e, CommandLine line) {
    if (e instanceof MissingParameterException missing && !missing.getMissing().isEmpty()) {
      return missing.getMissing().stream().map(Errors::name).collect(Collectors.joining(" and ")) + (missing.getMissing().size() == 1 ? " is" : " are")
          + " missing";
    }
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      return unmatched(unmatched, line);
    }
    // "Invalid value …", but not "TEXT is …".
    String message = e.getMessage().replaceFirst("\\.$", "");
    boolean isWord = message.length() > 1 && Character.isLowerCase(message.charAt(1));
    return isWord ? Character.toLowerCase(message.charAt(0)) + message.substring(1) : message;
  }

  private static String unmatched(UnmatchedArgumentException e, CommandLine line) {
    String first = e.getUnmatched().get(0);
    if (e.isUnknownOption()) {
      List<String> near = e.getSuggestions();
      return "there is no option " + first + (near.isEmpty() ? "" : " (did you mean " + String.join(" or ", near) + "?)");
    }
    boolean wantsCommand = !line.getSubcommands().isEmpty();
    return wantsCommand ? "there is no command '" + first + "'; commands are: " + String.join(", ", line.getSubcommands().keySet())
        : "'" + first + "' is one argument too many; a text or path with spaces goes in quotes";
  }

  private static String name(ArgSpec missing) {
    return missing instanceof OptionSpec option ? option.longestName() + " " + option.paramLabel() : missing.paramLabel();
  }

  static String oneLine(Throwable e) {
    return oneLine(message(e));
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }

  // Errors of the user's making carry a message that stands alone; others want their type named.
  private static String message(Throwable e) {
    String said = e.getMessage();
    if (e instanceof OutOfMemoryError) {
      return "too little memory (" + said + "): give Java more, as in GPA_JAVA_OPTS=-Xmx8g";
    }
    if (e instanceof FileSystemException file) {
      return file.getFile() + ": " + reason(file);
    }
    boolean expected = e instanceof GpaException || e instanceof IllegalArgumentException || e instanceof IOException;
    if (expected && said != null && !said.isBlank()) {
      return said;
    }
    return e.getClass().getSimpleName() + (said == null ? "" : ": " + said) + " (use --debug for where)";
  }

  private static String reason(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "is there already, and is no folder";
    }
    return e.getReason() != null ? e.getReason() : e.getClass().getSimpleName();
  }
}
