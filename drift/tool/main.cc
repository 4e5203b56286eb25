// The `drift` command: what it sees of the world, and which subcommand was asked for.
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include <google/protobuf/stubs/logging.h>

#include "drift/tool/flags.h"
#include "server/base/clock.h"

namespace {

drift::Console SystemConsole() {
  const driftserve::Clock& clock = driftserve::Clock::System();
  drift::Console console{std::cout, std::cerr, isatty(STDERR_FILENO) == 1, "drift " DRIFT_VERSION, {}, {}, {}};
  console.monotonic_ns = [&clock] { return clock.MonotonicNanos(); };
  console.unix_ns = [&clock] { return clock.UnixNanos(); };
  console.environment = [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
  return console;
}

}  // namespace

int main(int argc, char** argv) {
  // Columns come and go by the batch: their memory is kept, not given back to the system and faulted in anew.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // What cannot be parsed is counted and told by us: a topic may hold millions of foreign messages.
  google::protobuf::SetLogHandler(nullptr);
  CLI::App app("Compares rows with what a model was trained on.", "drift");
  app.set_version_flag("--version", "drift " DRIFT_VERSION);
  app.require_subcommand(1);
  app.footer("Exit status: 0 done; 1 drift was found (drift check); 2 bad usage or bad input.");
  drift::Command command;
  drift::AddProfileFlags(app, command);
  drift::AddReportFlags(app, command);
  drift::AddCheckFlags(app, command);
  drift::AddBacktestFlags(app, command);
  drift::AddCalibrateFlags(app, command);
  drift::AddWatchFlags(app, command);
  drift::AddCompletionFlags(app, command);
  try {
    app.parse(argc, argv);
    return command(SystemConsole());
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : drift::kBadInput;
  } catch (const std::exception& error) {
    std::cerr << "drift: " << error.what() << "\n";
    return drift::kBadInput;
  }
}
