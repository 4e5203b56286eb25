#include <atomic>
#include <csignal>
#include <memory>

#include "drift/tool/flags.h"
#include "drift/tool/watch_command.h"

namespace drift {
namespace {

std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void AskToStop(int) { stop_asked = true; }

}  // namespace

void AddWatchFlags(CLI::App& app, Command& command) {
  const auto options = std::make_shared<WatchOptions>();
  CLI::App* watch =
      app.add_subcommand("watch", "watch a fleet's topic in a consumer group, and export what servers do");
  watch->add_option("--brokers", options->brokers, "Kafka brokers, host:port, separated by commas")
      ->required()
      ->type_name("BROKERS");
  watch->add_option("--topic", options->topic, "the samples topic")->capture_default_str()->type_name("NAME");
  watch->add_option("--group", options->group, "the consumer group; its members share the partitions")
      ->capture_default_str()
      ->type_name("NAME");
  watch->add_option("--reference", options->models.references, "the profile of a model to watch; may be repeated")
      ->type_name("FILE");
  watch->add_option("--monitor", options->models.monitor, "its monitor.yaml: strata, window, thresholds")
      ->type_name("FILE");
  watch->add_option("--model-repository", options->models.model_repository,
                    "instead: every model of a repository that has monitor.yaml and reference.pb")
      ->type_name("FOLDER");
  watch->add_option("--metrics-address", options->metrics_address, "where to serve /metrics and /drift; port 0: any")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  watch->add_option("--kafka-config", options->kafka_config, "a property of librdkafka; may be repeated")
      ->type_name("PROPERTY=VALUE");
  watch->add_option("--timeout", options->timeout_ms, "the longest wait for a broker's answer, milliseconds")
      ->capture_default_str()
      ->check(CLI::Range(1, 3'600'000))
      ->type_name("MS");
  watch->footer(
      "Example: drift watch --brokers localhost:9092 --model-repository models\n"
      "Exit status: 0 stopped by SIGTERM or SIGINT; 2 bad usage or bad input; 75 the address is taken, or the broker "
      "refuses.");
  watch->callback([options, &command] {
    command = [options](const Console& console) {
      std::signal(SIGTERM, AskToStop);
      std::signal(SIGINT, AskToStop);
      return RunWatch(*options, console, driftserve::Clock::System(), stop_asked);
    };
  });
}

}  // namespace drift
