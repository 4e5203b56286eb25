#include "server/config/options.h"

#include <cctype>

namespace driftserve {
namespace {

constexpr int64_t kKi = int64_t{1} << 10;
constexpr int64_t kMi = int64_t{1} << 20;
constexpr int64_t kGi = int64_t{1} << 30;
constexpr int64_t kTi = int64_t{1} << 40;
constexpr auto kMicros = OptionUnit::kMicroseconds;
constexpr auto kMillis = OptionUnit::kMilliseconds;
constexpr auto kBytes = OptionUnit::kBytes;
constexpr auto kNone = OptionUnit::kNone;

// A captureless lambda that hands out the address of one member.
#define FIELD(member) [](ServerConfig& c) -> OptionField { return &c.member; }

const std::vector<Option>& Table() {
  static const auto* const table = new std::vector<Option>{
      {"grpc.address", FIELD(grpc.address), "Host and port of gRPC. Port 0 picks a free one and logs it.", 0, 0, kNone,
       OptionText::kAddress},
      {"grpc.pollers", FIELD(grpc.pollers), "Threads that serve; 0: one per core.", 0, 256},
      {"grpc.posted_calls", FIELD(grpc.posted_calls), "Calls that each poller keeps posted per method.", 1, 4096},
      {"grpc.max_message_bytes", FIELD(grpc.max_message_bytes),
       "Largest request; above it gRPC answers RESOURCE_EXHAUSTED.", kKi, 2 * kGi - 1, kBytes},
      {"grpc.max_streams_per_connection", FIELD(grpc.max_streams_per_connection), "Concurrent calls on one connection.",
       1, 10'000},
      {"grpc.max_transport_bytes", FIELD(grpc.max_transport_bytes),
       "Memory that gRPC may use for connections and messages.", 16 * kMi, kTi, kBytes},
      {"grpc.max_requests_per_stream", FIELD(grpc.max_requests_per_stream),
       "Messages of one ModelStreamInfer stream that are read and not answered; further ones wait with the client.", 1,
       10'000},
      {"grpc.shared_memory",
       FIELD(grpc.shared_memory),
       "Whether clients may register shared memory of this machine, POSIX or CUDA; auto: while grpc.address is a "
       "loopback address.",
       0,
       0,
       kNone,
       OptionText::kChoice,
       {"auto", "on", "off"}},
      {"grpc.reflection", FIELD(grpc.reflection), "Answer server reflection, as grpcurl needs it."},

      {"operations.address", FIELD(operations.address),
       "Host and port of /metrics, /livez, /readyz, /drift. Port 0 picks a free one and logs it.", 0, 0, kNone,
       OptionText::kAddress},
      {"operations.max_connections", FIELD(operations.max_connections),
       "Connections open at a time; further ones are closed.", 1, 4096},
      {"operations.read_timeout_ms", FIELD(operations.read_timeout_ms),
       "A request that is not complete after this long is closed.", 10, 60'000, kMillis},

      {"repository.path", FIELD(repository.path), "Folder of the model repository.", 0, 0, kNone,
       OptionText::kRequired},
      {"repository.models", FIELD(repository.models),
       "Models to serve; none named: all of the repository, or with control explicit none at start."},
      {"repository.control",
       FIELD(repository.control),
       "none: what is there at start is served; explicit: clients load and unload; poll: the folder is followed.",
       0,
       0,
       kNone,
       OptionText::kChoice,
       {"none", "explicit", "poll"}},
      {"repository.poll_interval_ms", FIELD(repository.poll_interval_ms),
       "How often the repository is looked through, with control poll.", 10, 86'400'000, kMillis},
      {"repository.trial",
       FIELD(repository.trial),
       "Where a model is tried before it is served; in_process lets a model that crashes take the server with it.",
       0,
       0,
       kNone,
       OptionText::kChoice,
       {"child", "in_process"}},
      {"repository.trial_timeout_ms", FIELD(repository.trial_timeout_ms),
       "How long the trial of one model version may take.", 100, 3'600'000, kMillis},
      {"repository.trial_memory_bytes", FIELD(repository.trial_memory_bytes),
       "What a trial may allocate, the model file included; larger files are refused.", kMi, kTi, kBytes},
      {"repository.allow_native_code", FIELD(repository.allow_native_code),
       "Whether AOTInductor packages, model.pt2, are served; they are native code and run with this server's rights."},
      {"repository.native_code_folder", FIELD(repository.native_code_folder),
       "Where packages are unpacked while they are loaded, and a GPU's kernels as long as they are served; empty: the "
       "system's folder for temporary files."},

      {"scheduling.max_pending_requests", FIELD(scheduling.max_pending_requests),
       "Requests accepted and not yet run, in the whole server; above it RESOURCE_EXHAUSTED.", 1, 1'000'000},
      {"scheduling.max_pending_bytes", FIELD(scheduling.max_pending_bytes),
       "Bytes of those requests; above it RESOURCE_EXHAUSTED.", kMi, kTi, kBytes},
      {"scheduling.inline_limit_us", FIELD(scheduling.inline_limit_us),
       "A CPU model whose largest batch takes no longer runs on the pollers; 0: none does.", 0, 1'000'000, kMicros},
      {"scheduling.turn_limit_us", FIELD(scheduling.turn_limit_us),
       "Time on models in one turn of a poller before it serves its queue again.", 10, 1'000'000, kMicros},
      {"scheduling.default_timeout_ms", FIELD(scheduling.default_timeout_ms),
       "For requests without a deadline; 0: they wait for ever.", 0, 3'600'000, kMillis},
      {"scheduling.watchdog_ms", FIELD(scheduling.watchdog_ms),
       "A run of a model that takes longer is logged, and the server is not ready until it returns; 0: no watchdog.", 0,
       3'600'000, kMillis},

      {"kafka.brokers", FIELD(kafka.brokers),
       "host:port,… of the Kafka brokers; empty: none, and records are counted as dropped, reason no_broker."},
      {"kafka.topic", FIELD(kafka.topic), "Topic of the sampled records.", 0, 0, kNone, OptionText::kRequired},
      {"kafka.events_topic", FIELD(kafka.events_topic), "Topic of the drift events.", 0, 0, kNone,
       OptionText::kRequired},
      {"kafka.hash_key", FIELD(kafka.hash_key),
       "Secret of 32 hexadecimal digits for record fields that monitor.yaml says to hash; without it they are "
       "dropped."},
      {"kafka.queue_messages", FIELD(kafka.queue_messages),
       "Records that wait for a broker; further ones are dropped and counted.", 1, 10'000'000},
      {"kafka.queue_bytes", FIELD(kafka.queue_bytes), "Bytes of those records.", kMi, 2 * kGi - 1, kBytes},
      {"kafka.linger_ms", FIELD(kafka.linger_ms), "How long a record waits for others to share a batch.", 0, 900'000,
       kMillis},
      {"kafka.delivery_timeout_ms", FIELD(kafka.delivery_timeout_ms),
       "How long a record may wait for a broker before it is dropped; 0: for ever.", 0, 86'400'000, kMillis},
      {"kafka.flush_timeout_ms", FIELD(kafka.flush_timeout_ms),
       "How long shutdown waits for records to be acknowledged.", 0, 600'000, kMillis},
      {"kafka.compression",
       FIELD(kafka.compression),
       "Codec of the batches.",
       0,
       0,
       kNone,
       OptionText::kChoice,
       {"none", "gzip", "snappy", "lz4", "zstd"}},
      {"kafka.properties", FIELD(kafka.properties),
       "librdkafka's own properties, for TLS and SASL; in the environment as "
       "DRIFTSERVE_KAFKA__PROPERTIES__SASL_PASSWORD."},

      {"tap.ring_samples", FIELD(tap.ring_samples), "Sampled requests waiting for the observer, per serving thread.", 2,
       1'048'576},
      {"tap.ring_bytes", FIELD(tap.ring_bytes), "Bytes of those requests, per serving thread.", 64 * kKi, 16 * kGi,
       kBytes},

      {"labels.ring_reports", FIELD(labels.ring_reports),
       "ReportLabels requests waiting for the observer, per serving thread; further ones are refused.", 2, 1'048'576},
      {"labels.ring_labels", FIELD(labels.ring_labels),
       "Labels of those requests, per serving thread; no request may have more.", 1, 10'000'000},
      {"labels.early_labels", FIELD(labels.early_labels),
       "Labels, per model, that wait for their prediction; the oldest above it count as unknown.", 1, 10'000'000},
      {"labels.early_ms", FIELD(labels.early_ms), "How long a label waits for its prediction.", 0, 600'000, kMillis},

      {"background.cpus", FIELD(background.cpus),
       "CPUs for drift and publishing, the observer's thread and librdkafka's, as in 0,2-3; empty: any."},
      {"background.niceness", FIELD(background.niceness),
       "How readily these threads give way to others, above the process's own niceness.", 0, 19},

      {"shutdown.lame_duck_ms", FIELD(shutdown.lame_duck_ms),
       "After SIGTERM: not ready but still serving, while load balancers notice.", 0, 600'000, kMillis},
      {"shutdown.drain_timeout_ms", FIELD(shutdown.drain_timeout_ms),
       "How long requests already accepted may take. A run that takes five seconds longer ends the server with exit "
       "code 70.",
       0, 600'000, kMillis},

      {"log.level",
       FIELD(log.level),
       "Least severe message that is written.",
       0,
       0,
       kNone,
       OptionText::kChoice,
       {"trace", "debug", "info", "warning", "error"}},
      {"log.format",
       FIELD(log.format),
       "One line per message, for people or for machines.",
       0,
       0,
       kNone,
       OptionText::kChoice,
       {"text", "json"}},

      {"access_log.rate", FIELD(access_log.rate), "Share of requests that the access log has a line of.", 0, 1},
      {"access_log.slow_ms", FIELD(access_log.slow_ms),
       "Requests that take at least this long have a line always, marked slow; 0: by rate alone.", 0, 3'600'000,
       kMillis},
      {"access_log.path", FIELD(access_log.path),
       "File that access lines are appended to, opened anew when it was moved; empty: standard error."},
  };
  return *table;
}

#undef FIELD

}  // namespace

absl::Span<const Option> Options() { return Table(); }

const Option* FindOption(std::string_view name) {
  for (const Option& option : Table()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string EnvironmentName(std::string_view option_name) {
  std::string name = "DRIFTSERVE_";
  for (const char c : option_name) {
    name += c == '.' ? std::string("__") : std::string(1, static_cast<char>(std::toupper(c)));
  }
  return name;
}

}  // namespace driftserve
