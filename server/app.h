#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/config/server_config.h"

namespace driftserve {

/// Exit codes of driftserve.
enum ExitCode {
  kExitOk = 0,
  kExitBadConfiguration = 1,
  kExitUsage = 2,
  kExitDeviceFault = 70,
  kExitDidNotReturn = 70,
  kExitUnavailable = 75
};

/// Why the server did not start: the exit code, and every fault, one per line.
struct StartFailure {
  int exit_code = kExitOk;
  std::string message;
};

/// The whole server, put together: the only place that names concrete adapters.
///
/// Thread safety: Start and Stop by one thread, in this order. Lifetime: Stop (or the destructor) ends every thread, and the
/// process where a run does not end.
class App {
 public:
  /// `version`: of the build, for metadata and metrics. `on_device_fault`: called once, from any thread, when a device
  /// failed for good; nothing serves any more, and the process has to Stop and end with kExitDeviceFault.
  /// `on_stuck`: called once, by a thread of Stop, where a model does not return from a run: everything that can be
  /// saved is, Stop will not return, and the call has to end the process with kExitDidNotReturn, without destructors.
  App(ServerConfig config, std::string version, std::function<void()> on_device_fault, std::function<void()> on_stuck);
  ~App();

  /// Binds, loads, warms and serves. False, with the reason in `failure`, when the server cannot run.
  bool Start(StartFailure& failure);

  /// Not ready → lame duck → drain → flush Kafka within its budget.
  void Stop();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace driftserve
