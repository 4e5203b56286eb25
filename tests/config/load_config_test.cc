#include "server/config/load_config.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/config/options.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LoadConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/driftserve_config_XXXXXX";
    close_ = mkstemp(name);
    file_ = name;
  }
  void TearDown() override {
    if (close_ >= 0) std::fclose(fdopen(close_, "r"));
    std::filesystem::remove(file_);
  }

  absl::StatusOr<ServerConfig> Load(const std::string& yaml) {
    std::ofstream(file_) << yaml;
    sources_.file = file_;
    return LoadServerConfig(sources_);
  }

  std::string Faults(const std::string& yaml) {
    const auto config = Load(yaml);
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(config.status().message());
  }

  int close_ = -1;
  std::string file_;
  ConfigSources sources_;
};

TEST_F(LoadConfigTest, AnEmptyFileGivesTheDefaults) {
  sources_.flags = {{"repository.path", "models"}};
  const auto config = Load("");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc.address, "127.0.0.1:8001");
  EXPECT_EQ(config->kafka.linger_ms, 50);
}

TEST_F(LoadConfigTest, LaterSourcesWin) {
  sources_.environment = {{"DRIFTSERVE_GRPC__POLLERS", "2"}, {"DRIFTSERVE_TAP__RING_SAMPLES", "8"}, {"HOME", "/root"}};
  sources_.flags = {{"grpc.pollers", "3"}};
  const auto config = Load("repository: {path: models}\ngrpc: {pollers: 1, posted_calls: 7}\ntap: {ring_samples: 4}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc.pollers, 3);
  EXPECT_EQ(config->grpc.posted_calls, 7);
  EXPECT_EQ(config->tap.ring_samples, 8);
}

TEST_F(LoadConfigTest, QueuesOfLabelsAreBounded) {
  const auto config = Load("repository: {path: models}\nlabels: {ring_reports: 16, ring_labels: 500, early_labels: 9, "
                           "early_ms: 2s}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->labels.ring_reports, 16);
  EXPECT_EQ(config->labels.ring_labels, 500);
  EXPECT_EQ(config->labels.early_labels, 9);
  EXPECT_EQ(config->labels.early_ms, 2000);
  const auto refused = Load("repository: {path: models}\nlabels: {ring_labels: 0, early_ms: 11min}\n");
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("labels.ring_labels: expected a whole number from 1 to 10000000, got `0`"),
                    HasSubstr("labels.early_ms: expected a whole number of milliseconds from 0 to 600000")));
}

TEST_F(LoadConfigTest, DurationsAndSizesMayCarryAUnit) {
  const auto config = Load(
      "repository: {path: models, trial_timeout_ms: 2s}\n"
      "scheduling: {inline_limit_us: 1.5ms, max_pending_bytes: 1GiB}\n"
      "kafka: {linger_ms: 20}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->repository.trial_timeout_ms, 2000);
  EXPECT_EQ(config->scheduling.inline_limit_us, 1500);
  EXPECT_EQ(config->scheduling.max_pending_bytes, int64_t{1} << 30);
  EXPECT_EQ(config->kafka.linger_ms, 20);
}

TEST_F(LoadConfigTest, EveryFaultIsListedWithItsPlace) {
  const std::string faults = Faults(
      "repository: {path: models}\n"
      "grpc:\n"
      "  adress: 0.0.0.0:8001\n"
      "  pollers: many\n"
      "  posted_calls: 0\n"
      "kafka:\n"
      "  linger_ms: 5 parsecs\n"
      "  compression: lzma\n"
      "servers: {}\n");
  EXPECT_THAT(faults, HasSubstr(file_ + ":3:3: unknown key `adress` in `grpc`: expected one of address, pollers"));
  EXPECT_THAT(faults, HasSubstr(file_ + ":4:12: grpc.pollers: expected a whole number from 0 to 256, got `many`"));
  EXPECT_THAT(faults, HasSubstr(file_ + ":5:17: grpc.posted_calls: expected a whole number from 1 to 4096, got `0`"));
  EXPECT_THAT(faults, HasSubstr(":7:14: kafka.linger_ms: expected a whole number of milliseconds from 0 to 900000, got "
                                "`5 parsecs`"));
  EXPECT_THAT(faults, HasSubstr("kafka.compression: expected one of none, gzip, snappy, lz4, zstd, got `lzma`"));
  EXPECT_THAT(faults, HasSubstr(":9:1: unknown key `servers`: expected one of grpc, operations"));
}

TEST_F(LoadConfigTest, WrongUnitsAreRefused) {
  for (const char* value : {"5MiB", "1.5", "500us", "-1", "1h2m", "1e3", "9999999999999999999"}) {
    EXPECT_THAT(Faults(std::string("repository: {path: m}\nkafka: {linger_ms: ") + value + "}\n"),
                HasSubstr("kafka.linger_ms: expected a whole number of milliseconds"))
        << value;
  }
  EXPECT_THAT(Faults("repository: {path: m}\ngrpc: {pollers: 2s}\n"),
              HasSubstr("grpc.pollers: expected a whole number"));
}

TEST_F(LoadConfigTest, ASharesBoundsAreChecked) {
  const auto config = Load("repository: {path: m}\naccess_log: {rate: 0.25}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->access_log.rate, 0.25);
  for (const char* value : {"1.5", "-0.1", "nan", "often"}) {
    EXPECT_THAT(Faults(std::string("repository: {path: m}\naccess_log: {rate: ") + value + "}\n"),
                HasSubstr("access_log.rate: expected a number from 0 to 1"))
        << value;
  }
}

TEST_F(LoadConfigTest, WrongTypesAreRefused) {
  const std::string faults = Faults(
      "repository: {path: [a], models: all}\n"
      "grpc: {reflection: maybe, address: nowhere}\n"
      "operations: 7\n"
      "kafka: {properties: {sasl.username: [a]}, topic: }\n");
  EXPECT_THAT(faults, HasSubstr("repository.path: expected a text that is not empty, got a list"));
  EXPECT_THAT(faults, HasSubstr("repository.models: expected a list of texts, got `all`"));
  EXPECT_THAT(faults, HasSubstr("grpc.reflection: expected true or false, got `maybe`"));
  EXPECT_THAT(faults, HasSubstr("grpc.address: expected host:port, the port from 0 to 65535, got `nowhere`"));
  EXPECT_THAT(faults, HasSubstr("operations: expected a map of options, got `7`"));
  EXPECT_THAT(faults, HasSubstr("kafka.properties.sasl.username: expected a text, got a list"));
  EXPECT_THAT(faults, HasSubstr("kafka.topic: expected a text that is not empty, got nothing"));
}

TEST_F(LoadConfigTest, BrokenYamlNamesItsPlace) {
  EXPECT_THAT(Faults("grpc: {address: [\n"), HasSubstr(file_ + ":"));
  EXPECT_THAT(Faults("- a\n"), HasSubstr(":1:1: expected a map of sections, got a list"));
  EXPECT_THAT(Faults("grpc: {pollers: 1, pollers: 2}\n"), HasSubstr(":1:20: `pollers` stands here a second time"));
  EXPECT_THAT(Faults("grpc: {}\n---\ngrpc: {}\n"), HasSubstr("expected one YAML document"));
}

TEST_F(LoadConfigTest, AMissingFileIsNamed) {
  sources_.file = "/nowhere/server.yaml";
  EXPECT_THAT(LoadServerConfig(sources_).status().message(),
              HasSubstr("/nowhere/server.yaml: cannot be read: No such file or directory; option --config names it"));
}

TEST_F(LoadConfigTest, EnvironmentAndFlagsAreChecked) {
  sources_.environment = {
      {"DRIFTSERVE_GRPC__ADRESS", "x"}, {"DRIFTSERVE_LOG__LEVEL", "loud"}, {"DRIFTSERVE_PORT", "tcp://10.0.0.1:8001"}};
  sources_.flags = {{"repository.path", "models"}, {"grpc.addres", "x"}};
  const std::string faults = Faults("");
  EXPECT_THAT(faults, HasSubstr("environment variable DRIFTSERVE_GRPC__ADRESS: no option is called `grpc.adress`"));
  EXPECT_THAT(faults, HasSubstr("environment variable DRIFTSERVE_LOG__LEVEL: log.level: expected one of trace"));
  EXPECT_THAT(faults, HasSubstr("command line, grpc.addres: no option is called"));
  EXPECT_THAT(faults, Not(HasSubstr("DRIFTSERVE_PORT")));
}

TEST_F(LoadConfigTest, TheRepositoryIsRequiredAndBoundsMustFitTogether) {
  const std::string faults = Faults("scheduling: {max_pending_bytes: 1MiB}\n");
  EXPECT_THAT(faults, HasSubstr("repository.path: expected the folder of the model repository, got nothing; set "
                                "--model-repository"));
  EXPECT_THAT(faults, HasSubstr("scheduling.max_pending_bytes: expected at least grpc.max_message_bytes"));
}

TEST_F(LoadConfigTest, BrokerPropertiesComeFromEverySource) {
  sources_.environment = {{"DRIFTSERVE_KAFKA__PROPERTIES__SASL_PASSWORD", "Secret_1"},
                          {"DRIFTSERVE_REPOSITORY__MODELS", "a, b"}};
  sources_.flags = {{"kafka.properties.security.protocol", "SASL_SSL"}};
  const auto config = Load("repository: {path: m}\nkafka: {properties: {sasl.username: bob}}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->kafka.properties,
            (std::map<std::string, std::string>{
                {"sasl.password", "Secret_1"}, {"sasl.username", "bob"}, {"security.protocol", "SASL_SSL"}}));
  EXPECT_EQ(config->repository.models, (std::vector<std::string>{"a", "b"}));
}

TEST_F(LoadConfigTest, MonitorOverridesKeepTheirTextAndPlace) {
  const auto config = Load(
      "repository: {path: m}\n"
      "monitor_overrides:\n"
      "  # the demo's pace\n"
      "  flight_delay:\n"
      "    window: {length: 30d, panes: 60}\n"
      "    decision:\n"
      "      debounce: 3 of 5\n"
      "  other: {sampling: {default_rate: 1.0}}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  const auto& flight = config->monitor_overrides.at("flight_delay");
  EXPECT_EQ(flight.file, file_);
  EXPECT_EQ(flight.line, 5);
  EXPECT_EQ(flight.yaml, "    window: {length: 30d, panes: 60}\n    decision:\n      debounce: 3 of 5\n");
  EXPECT_EQ(config->monitor_overrides.at("other").yaml, "{sampling: {default_rate: 1.0}}");
  EXPECT_EQ(config->monitor_overrides.at("other").line, 8);
}

TEST_F(LoadConfigTest, MonitorOverridesRefuseWhatAServerMayNotOverride) {
  EXPECT_THAT(Faults("monitor_overrides: {m: {features: []}, n: 3}\n"),
              testing::AllOf(HasSubstr("unknown key `features` in monitor_overrides.m: expected one of window, "
                                       "thresholds, decision, sampling, labels"),
                             HasSubstr("monitor_overrides.n: expected a map")));
}

TEST_F(LoadConfigTest, WhatIsPrintedReadsBack) {
  sources_.flags = {{"grpc.pollers", "5"}, {"kafka.properties.sasl.password", "a: \"b\"\n#c"}};
  const auto config = Load(
      "repository: {path: 'no', models: [a, 'true']}\nlog: {level: debug}\n"
      "monitor_overrides:\n  m:\n    window: {length: 1h}\n");
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string printed = PrintServerConfig(*config);
  sources_.flags.clear();
  const auto again = Load(printed);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PrintServerConfig(*again), printed);
  EXPECT_EQ(again->kafka.properties, config->kafka.properties);
  EXPECT_EQ(again->repository.models, config->repository.models);
  EXPECT_EQ(again->repository.path, "no");
  EXPECT_THAT(again->monitor_overrides.at("m").yaml, HasSubstr("1h"));
}

TEST(Options, EveryDefaultLiesWithinItsOwnBounds) {
  ConfigSources sources;
  sources.flags = {{"repository.path", "m"}};
  ASSERT_TRUE(LoadServerConfig(sources).ok());
  for (const Option& option : Options()) {
    ServerConfig config;
    const OptionField field = option.field(config);
    if (auto* const* value = std::get_if<int*>(&field)) {
      EXPECT_TRUE(**value >= option.lowest && **value <= option.highest) << option.name;
    }
    if (auto* const* value = std::get_if<int64_t*>(&field)) {
      EXPECT_TRUE(**value >= option.lowest && **value <= option.highest) << option.name;
    }
    EXPECT_FALSE(option.description.empty()) << option.name;
  }
}

TEST(Options, TheReadmeHoldsTheGeneratedTable) {
  std::ifstream stream("server/config/README.md");
  const std::string readme((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_THAT(readme, HasSubstr(DescribeServerConfig()));
}

}  // namespace
}  // namespace driftserve
