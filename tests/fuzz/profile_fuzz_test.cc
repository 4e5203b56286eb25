// Damaged monitor.yaml and reference.pb files: each is read or refused with a message, and what is read can be used.
#include <cmath>
#include <limits>
#include <memory>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "drift/evaluator.h"
#include "drift/layout.h"
#include "drift/profile/monitor_file.h"
#include "drift/profile/reference_file.h"
#include "drift/profile/reference_message.h"
#include "drift/window.h"
#include "tests/drift_profile/small_reference.h"
#include "tests/fuzz/mutator.h"

namespace drift {
namespace {

using driftserve::Mutator;
using Message = driftserve::v1::Reference;

constexpr int kIterations = 20'000;

constexpr std::string_view kMonitor = R"(features:
  - {name: temp, input: x, column: 3, type: numeric, measures: [psi, ks]}
  - {name: carrier, input: carrier, type: categorical}
  - {name: emb, input: e, reduce: {projections: 8, seed: 1}}
  - {name: bright, input: image, reduce: mean, measures: [ks]}
predictions: [{name: p, output: y}, {name: best, output: logits, type: categorical, reduce: argmax}]
sampling: {key: request_id, stratum: {feature: carrier}, rates: {HA: 1.0, UA: 0.05}, default_rate: 0.01, seed: 3}
window: {length: 1h, panes: 60, evaluate_every: 15s, byte_limit: 64MiB}
thresholds: {psi: {warn: 0.1, alert: 0.25}, ks: {warn: 0.1, alert: 0.2}, alpha: 0.05, multiplicity: holm}
decision: {false_alarms_per_day: 0.05, debounce: 3 of 5, observation_period: 14d}
reference: {cycle: 24h}
record: {fields: [temp, {carrier: hash}]}
labels: {name: late, prediction: p, type: categorical, error: squared_error, time_limit: 7d, table_rows: 100000,
         detectors: [adwin, ddm, page_hinkley], min_join_rate: 0.5}
)";

const std::vector<std::string_view> kYamlTokens = {"{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ": ",
                                                   "- ",
                                                   "\n",
                                                   "  ",
                                                   "\t",
                                                   "&a ",
                                                   "*a",
                                                   "<<: *a",
                                                   "!!int ",
                                                   "! ",
                                                   "|\n",
                                                   ">-\n",
                                                   "---\n",
                                                   "...\n",
                                                   "%YAML 1.2\n",
                                                   "\"",
                                                   "'",
                                                   "\\x",
                                                   "\\u0000",
                                                   "\xff",
                                                   "\xed\xa0\x80",
                                                   "~",
                                                   "null",
                                                   "? ",
                                                   ",",
                                                   "1e308",
                                                   "-1",
                                                   ".nan",
                                                   ".inf",
                                                   "99999999999999999999",
                                                   "1d",
                                                   "0s",
                                                   "32 of 32",
                                                   "{a: {a: {a: {a: ",
                                                   "[[[[[[[[[[[[[[[[",
                                                   "features",
                                                   "window",
                                                   "#"};

TEST(MonitorFileFuzz, ReadOrRefusedWithItsPlace) {
  Mutator mutator(20130101);
  int read = 0;
  for (int i = 0; i < kIterations; ++i) {
    const std::string text = mutator.Mutate(std::string(kMonitor), kYamlTokens);
    const auto settings = ParseMonitor(text, "monitor.yaml");
    if (!settings.ok()) {
      ASSERT_TRUE(absl::IsInvalidArgument(settings.status())) << text;
      ASSERT_EQ(settings.status().message().substr(0, 13), "monitor.yaml:") << text;
      continue;
    }
    ++read;
    const WindowSettings& window = settings->window;
    ASSERT_GE(window.length_ns / window.panes, 1'000'000) << text;
    ASSERT_LT(settings->thresholds.psi_warn, settings->thresholds.psi_alert) << text;
    ASSERT_LE(settings->decision.debounce_hits, settings->decision.debounce_of) << text;
    for (const auto& [stratum, rate] : settings->sampling.rates) ASSERT_TRUE(rate >= 0 && rate <= 1) << text;
    if (!settings->labels) continue;
    ASSERT_GE(settings->labels->time_limit_ns, 1'000'000) << text;
    ASSERT_TRUE(settings->labels->table_rows >= 1 && !settings->labels->detectors.empty()) << text;
    ASSERT_TRUE(settings->labels->min_join_rate >= 0 && settings->labels->min_join_rate <= 1) << text;
  }
  // Harmless damage, such as in a name, must not be the only kind, nor absent.
  EXPECT_GT(read, kIterations / 200);
  EXPECT_LT(read, kIterations / 2);
}

TEST(MonitorOverridesFuzz, AppliedWholeOrNotAtAll) {
  Mutator mutator(20130201);
  const MonitorSettings before = *ParseMonitor(kMonitor, "m");
  const std::string overrides(
      kMonitor.substr(kMonitor.find("sampling"), kMonitor.find("reference") - kMonitor.find("sampling")));
  for (int i = 0; i < kIterations / 4; ++i) {
    MonitorSettings settings = before;
    if (ApplyOverrides(settings, mutator.Mutate(overrides, kYamlTokens), "server.yaml", 7).ok()) continue;
    ASSERT_EQ(settings.sampling.rule_version, before.sampling.rule_version);
    ASSERT_EQ(settings.window.length_ns, before.window.length_ns);
    ASSERT_EQ(settings.thresholds.alpha, before.thresholds.alpha);
  }
}

/// Uses a reference in every way that a server does.
void Use(Reference parsed) {
  const auto reference = std::make_shared<const Reference>(std::move(parsed));
  const Value values[] = {Value::Missing(),
                          Value::Double(-0.0),
                          Value::Double(1e308),
                          Value::Double(std::nan("")),
                          Value::Double(-std::numeric_limits<double>::infinity()),
                          Value::Int64(std::numeric_limits<int64_t>::min()),
                          Value::Uint64(~uint64_t{0}),
                          Value::Bool(true),
                          Value::Text("UA"),
                          Value::Text("")};
  Window window(reference, {"default", "UA"}, WindowSettings{1'000'000'000, 10, 1 << 20});
  const Layout& layout = window.layout();
  std::vector<Value> row;
  for (size_t f = 0; f < layout.features(); ++f) {
    const FeatureLayout& feature = layout.feature(f);
    for (const Value& value : values) {
      const auto cell = feature.CellOf(value);
      if (cell) {
        ASSERT_LT(*cell, feature.cells());
        ASSERT_LT(feature.bin_of(*cell), feature.bins());
      }
    }
    for (uint32_t bin = 0; bin < feature.bins(); ++bin) ASSERT_FALSE(feature.BinLabel(bin).empty());
    row.push_back(reference->features[f].dtype == Dtype::kText ? values[8] : values[7]);
  }
  for (int64_t i = 0; i < 60; ++i) {
    window.CountSeen(i * 10'000'000, 0, 1);
    window.Add(i * 10'000'000, 0, 0.5, 1, row);
  }
  Evaluator evaluator(reference, {}, 0);
  const Evaluation evaluation = evaluator.Evaluate(window, 600'000'000);
  for (const FeatureResult& feature : evaluation.population.features) {
    ASSERT_TRUE(std::isfinite(feature.effective_samples) && std::isfinite(feature.design_effect));
    for (const MeasureResult& measure : feature.measures) ASSERT_TRUE(std::isfinite(measure.value)) << feature.name;
  }
}

TEST(ReferenceFileFuzz, DamagedBytesAreReadOrRefused) {
  Mutator mutator(20130301);
  const std::string bytes = SerializeReference(SmallReference(300));
  int read = 0;
  for (int i = 0; i < kIterations; ++i) {
    auto reference = ParseReference(mutator.Mutate(bytes, {}));
    if (!reference.ok()) continue;
    ++read;
    Use(*std::move(reference));
    if (HasFatalFailure()) FAIL() << "iteration " << i;
  }
  EXPECT_LT(read, kIterations / 20) << "the hash must see nearly all damage";
}

/// Changes one field of the message, or of one within it, and not only to what makes sense.
void ChangeField(google::protobuf::Message& message, Mutator& mutator) {
  using Field = google::protobuf::FieldDescriptor;
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  const Field* field =
      descriptor->field(static_cast<int>(mutator.Below(static_cast<uint64_t>(descriptor->field_count()))));
  const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 0;
  const int at = size > 0 ? static_cast<int>(mutator.Below(static_cast<uint64_t>(size))) : 0;
  if (field->is_repeated() && size == 0) return;
  if (field->is_repeated() && mutator.Below(8) == 0) {
    if (mutator.Below(2) == 0) return reflection->RemoveLast(&message, field);
    return reflection->SwapElements(&message, field, at, size - 1);
  }
  switch (field->cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      return ChangeField(*reflection->MutableRepeatedMessage(&message, field, at), mutator);
    case Field::CPPTYPE_UINT64: {
      const uint64_t number = mutator.Below(2) == 0 ? mutator.Below(300) : mutator.Number();
      if (field->is_repeated()) return reflection->SetRepeatedUInt64(&message, field, at, number);
      return reflection->SetUInt64(&message, field, number);
    }
    case Field::CPPTYPE_DOUBLE: {
      const double numbers[] = {
          0.0, -1.0, 1e308, -1e308, 5e-324, std::nan(""), std::numeric_limits<double>::infinity()};
      return reflection->SetDouble(&message, field, numbers[mutator.Below(7)]);
    }
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(&message, field, static_cast<int64_t>(mutator.Number()));
    case Field::CPPTYPE_UINT32:
      return reflection->SetUInt32(&message, field, static_cast<uint32_t>(mutator.Below(3)));
    case Field::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, field, static_cast<int>(mutator.Below(5)));
    case Field::CPPTYPE_BOOL:
      return reflection->SetBool(&message, field, mutator.Below(2) == 0);
    default: {
      const char* texts[] = {"", "x", "UA", "FP32", "INT8", "BOOL", "BYTES", "FP64", "temperature", "true", "nan"};
      if (field->is_repeated()) return reflection->SetRepeatedString(&message, field, at, texts[mutator.Below(11)]);
      return reflection->SetString(&message, field, texts[mutator.Below(11)]);
    }
  }
}

/// As if somebody had written the file on purpose: the hash fits the damaged content.
TEST(ReferenceFileFuzz, FalseContentUnderATrueHash) {
  Mutator mutator(20130401);
  Message whole;
  ASSERT_TRUE(whole.ParseFromString(SerializeReference(SmallReference(300))));
  int read = 0;
  for (int i = 0; i < kIterations / 4; ++i) {
    Message message = whole;
    for (uint64_t changes = 1 + mutator.Below(3); changes > 0; --changes) ChangeField(message, mutator);
    const auto content = FromMessage(message);
    if (content.ok()) message.set_hash(ContentHash(*content));
    auto reference = ParseReference(message.SerializeAsString());
    if (!reference.ok()) continue;
    ++read;
    Use(*std::move(reference));
    if (HasFatalFailure()) FAIL() << "iteration " << i << "\n" << message.ShortDebugString().substr(0, 4000);
  }
  EXPECT_GT(read, kIterations / 100);
}

}  // namespace
}  // namespace drift
