#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace driftserve {

/// The server's own configuration. Defaults stand here, once; unit, bounds and meaning of every option stand in
/// options.cc, once, and server/config/README.md is checked against both by a test.
/// Sources, later ones win: file (YAML, the same nesting) < environment (DRIFTSERVE_SECTION__KEY) < flags.

struct GrpcConfig {
  std::string address = "127.0.0.1:8001";
  int pollers = 0;
  int posted_calls = 64;
  int64_t max_message_bytes = int64_t{64} << 20;
  int max_streams_per_connection = 128;
  int64_t max_transport_bytes = int64_t{1} << 30;
  int max_requests_per_stream = 128;
  std::string shared_memory = "auto";
  bool reflection = true;
};

struct OperationsConfig {
  std::string address = "127.0.0.1:8002";
  int max_connections = 64;
  int64_t read_timeout_ms = 1000;
};

struct RepositoryConfig {
  std::string path;
  std::vector<std::string> models;
  std::string control = "none";
  int64_t poll_interval_ms = 15'000;
  std::string trial = "child";
  int64_t trial_timeout_ms = 60'000;
  int64_t trial_memory_bytes = int64_t{16} << 30;
  bool allow_native_code = false;
  std::string native_code_folder;
};

struct SchedulingConfig {
  int max_pending_requests = 8192;
  int64_t max_pending_bytes = int64_t{512} << 20;
  int64_t inline_limit_us = 2000;
  int64_t turn_limit_us = 4000;
  int64_t default_timeout_ms = 0;
  int64_t watchdog_ms = 60'000;
};

struct KafkaConfig {
  std::string brokers;
  std::string topic = "driftserve.samples";
  std::string events_topic = "driftserve.events";
  std::string hash_key;                       // secret, 32 hexadecimal digits: for record fields that are to be hashed
  int queue_messages = 50'000;
  int64_t queue_bytes = int64_t{256} << 20;
  int64_t linger_ms = 50;
  int64_t delivery_timeout_ms = 0;
  int64_t flush_timeout_ms = 10'000;
  std::string compression = "lz4";
  std::map<std::string, std::string> properties;
};

struct TapConfig {
  int ring_samples = 4096;
  int64_t ring_bytes = int64_t{64} << 20;
};

struct LabelsConfig {
  int ring_reports = 1024;
  int ring_labels = 65'536;
  int early_labels = 65'536;
  int64_t early_ms = 5000;
};

struct BackgroundConfig {
  std::string cpus;
  int niceness = 0;
};

struct ShutdownConfig {
  int64_t lame_duck_ms = 0;
  int64_t drain_timeout_ms = 30'000;
};

struct LogConfig {
  std::string level = "info";
  std::string format = "text";
};

struct AccessLogConfig {
  double rate = 0;
  int64_t slow_ms = 0;
  std::string path;
};

struct ServerConfig {
  GrpcConfig grpc;
  OperationsConfig operations;
  RepositoryConfig repository;
  SchedulingConfig scheduling;
  KafkaConfig kafka;
  TapConfig tap;
  LabelsConfig labels;
  BackgroundConfig background;
  ShutdownConfig shutdown;
  LogConfig log;
  AccessLogConfig access_log;
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
