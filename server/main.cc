#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/app.h"
#include "server/base/text.h"
#include "server/config/load_config.h"
#include "server/execute/model_loader.h"
#include "server/execute/package_loader.h"
#include "server/execute/torchscript_loader.h"
#include "server/repository/trial_channel.h"
#include "server/repository/trial_child.h"

extern char** environ;

namespace driftserve {
namespace {

struct Flags {
  std::string config;
  std::vector<std::pair<std::string, std::string>> options;  // {"grpc.address", "…"}
  bool check = false;
  bool print = false;
  bool describe = false;
};

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

void AddOption(CLI::App& command, Flags& flags, const std::string& flag, const std::string& option,
               const std::string& help) {
  command.add_option_function<std::string>(
      flag, [&flags, option](const std::string& value) { flags.options.emplace_back(option, value); }, help);
}

void AddFlags(CLI::App& command, Flags& flags) {
  command.set_version_flag("--version", std::string("driftserve ") + DRIFTSERVE_VERSION);
  command.add_option("--config", flags.config, "YAML file; the environment and flags go before it");
  AddOption(command, flags, "--model-repository", "repository.path", "folder of models");
  AddOption(command, flags, "--model-control", "repository.control",
            "none, explicit (load and unload by request) or poll (follow the folder)");
  AddOption(command, flags, "--grpc-address", "grpc.address", "host:port of gRPC; port 0 picks one and logs it");
  AddOption(command, flags, "--operations-address", "operations.address", "host:port of /metrics, /readyz, /drift");
  AddOption(command, flags, "--brokers", "kafka.brokers",
            "Kafka's bootstrap servers; without them records are dropped and counted");
  AddOption(command, flags, "--log-level", "log.level", "trace, debug, info, warning or error");
  command.add_option_function<std::vector<std::string>>(
      "--set",
      [&flags](const std::vector<std::string>& settings) {
        for (const std::string& setting : settings) {
          const size_t equals = setting.find('=');
          if (equals == std::string::npos)
            throw CLI::ValidationError("--set", "expected section.key=value, got '" + setting + "'");
          flags.options.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
        }
      },
      "any option of the configuration: section.key=value");
  command.add_flag("--check-config", flags.check, "read and check the configuration, then exit");
  command.add_flag("--print-config", flags.print, "print the configuration in force as YAML, then exit");
  command.add_flag("--describe-config", flags.describe,
                   "print every option with default, bounds and meaning, then exit");
}

/// Signals that end the server are waited for, not handled: blocked before any thread starts.
sigset_t BlockEndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

int Serve(ServerConfig config) {
  const sigset_t signals = BlockEndingSignals();
  std::atomic<bool> device_failed = false;
  const auto on_device_fault = [&device_failed] {
    device_failed = true;
    kill(getpid(), SIGTERM);
  };
  App app(std::move(config), DRIFTSERVE_VERSION, on_device_fault, [] { std::_Exit(kExitDidNotReturn); });
  StartFailure failure;
  if (!app.Start(failure)) {
    std::cerr << "driftserve: " << failure.message << "\n";
    return failure.exit_code;
  }
  int received = 0;
  sigwait(&signals, &received);
  app.Stop();
  if (device_failed) std::_Exit(kExitDeviceFault);  // without destructors, which would touch the device
  return kExitOk;
}

int Run(int argc, char** argv) {
  CLI::App command{"Serves PyTorch models over gRPC and watches whether their traffic drifts."};
  Flags flags;
  AddFlags(command, flags);
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return command.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (flags.describe) {
    std::cout << DescribeServerConfig();
    return kExitOk;
  }
  absl::StatusOr<ServerConfig> config = LoadServerConfig({flags.config, Environment(), flags.options});
  if (!config.ok()) {
    std::cerr << "driftserve: " << config.status().message() << "\n";
    return kExitBadConfiguration;
  }
  if (flags.print) std::cout << PrintServerConfig(*config);
  if (flags.check && !flags.print) std::cout << "the configuration is good\n";
  if (flags.check || flags.print) return kExitOk;
  return Serve(*std::move(config));
}

}  // namespace
}  // namespace driftserve

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == driftserve::kTrialOption) {
    return driftserve::RunTrialChild(
        *driftserve::MakeModelLoader(driftserve::MakeTorchScriptLoader(), driftserve::MakePackageLoader()));
  }
  return driftserve::Run(argc, argv);
}
