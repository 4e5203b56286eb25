#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace driftserve {

/// The server's own configuration. Every field: default here, unit in its name or comment, bound in validate.cc.
/// Sources, later ones win: file (YAML, the same nesting) < environment (DRIFTSERVE_SECTION__KEY) < flags.

struct GrpcConfig {
  std::string address = "127.0.0.1:8001";     // port 0 picks one and logs it
  int pollers = 0;                            // threads that serve, 1–256; 0: one per core
  int posted_calls = 256;                     // calls each poller keeps posted per method, 1–4096
  int64_t max_message_bytes = int64_t{64} << 20;  // 1 KiB–2 GiB
  int max_streams_per_connection = 128;       // 1–10000
  int64_t max_transport_bytes = int64_t{1} << 30; // gRPC's ResourceQuota, 16 MiB–1 TiB
  bool reflection = true;
};

struct OperationsConfig {
  std::string address = "127.0.0.1:8002";
  int max_connections = 64;                   // 1–4096
  int64_t read_timeout_ms = 1000;             // 10–60000
};

struct RepositoryConfig {
  std::string path;                           // required
  std::vector<std::string> models;            // empty: every model of the repository
  int64_t trial_timeout_ms = 60'000;          // a load's trial, 100–3600000
};

struct SchedulingConfig {
  int max_pending_requests = 8192;            // accepted and not yet run, whole server; 1–1000000
  int64_t max_pending_bytes = int64_t{512} << 20;  // 1 MiB–1 TiB
  int64_t inline_limit_us = 2000;             // a model whose largest bucket takes no longer runs on the pollers, 0–1000000
  int64_t turn_limit_us = 4000;               // time on models in one turn before the queue is served again, 10–1000000
  int64_t default_timeout_ms = 0;             // for requests without a deadline; 0: none
};

struct KafkaConfig {
  std::string brokers;                        // empty: no broker; records are counted as dropped, reason no_broker
  std::string topic = "driftserve.samples";
  std::string events_topic = "driftserve.events";
  int queue_messages = 50'000;                // records waiting for a broker, 1–10000000
  int64_t queue_bytes = int64_t{256} << 20;   // 1 MiB–2 GiB
  int64_t linger_ms = 50;                     // 0–900000
  int64_t delivery_timeout_ms = 0;            // a record waits this long for a broker; 0: for ever, within the queue
  int64_t flush_timeout_ms = 10'000;          // budget at shutdown, 0–600000
  std::string compression = "lz4";            // none gzip snappy lz4 zstd
  std::map<std::string, std::string> properties;  // librdkafka's own, for security settings
};

struct TapConfig {
  int ring_samples = 4096;                    // per serving thread, 2–1048576
  int64_t ring_bytes = int64_t{64} << 20;     // per serving thread, 64 KiB–16 GiB
};

struct ShutdownConfig {
  int64_t lame_duck_ms = 0;                   // not ready but still serving, 0–600000
  int64_t drain_timeout_ms = 30'000;          // accepted requests get this long, 0–600000
};

struct LogConfig {
  std::string level = "info";                 // trace debug info warning error
  std::string format = "text";                // text or json
};

struct ServerConfig {
  GrpcConfig grpc;
  OperationsConfig operations;
  RepositoryConfig repository;
  SchedulingConfig scheduling;
  KafkaConfig kafka;
  TapConfig tap;
  ShutdownConfig shutdown;
  LogConfig log;
  /// Per model name: YAML text that overrides window, decision, sampling or thresholds of its monitor.yaml, and where
  /// in the file it stands, for error messages.
  struct MonitorOverride {
    std::string yaml;
    std::string file;
    int line = 0;
  };
  std::map<std::string, MonitorOverride> monitor_overrides;
};

}  // namespace driftserve
