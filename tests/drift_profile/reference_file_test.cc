#include "drift/profile/reference_file.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/layout.h"
#include "drift/profile/monitor_file.h"
#include "driftserve/v1/reference.pb.h"
#include "tests/drift_profile/small_reference.h"

namespace drift {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Message = driftserve::v1::Reference;

std::string FaultOf(const std::string& bytes) {
  const auto reference = ParseReference(bytes, "r.pb");
  return reference.ok() ? "no fault" : std::string(reference.status().message());
}

TEST(ReferenceFile, ComesBackAsItWas) {
  const Reference before = SmallReference();
  const auto after = ParseReference(SerializeReference(before));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->hash, before.hash);
  EXPECT_EQ(after->hash.size(), 32u);
  EXPECT_EQ(after->model_name, "m");
  EXPECT_EQ(after->model_version, "3");
  EXPECT_EQ(after->created_ns, before.created_ns);
  EXPECT_EQ(after->rows, 3000u);
  EXPECT_EQ(after->cycle_ns, before.cycle_ns);
  ASSERT_EQ(after->features.size(), before.features.size());
  for (size_t i = 0; i < before.features.size(); ++i) {
    const FeatureReference& a = after->features[i];
    const FeatureReference& b = before.features[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.role, b.role);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.dtype, b.dtype);
    EXPECT_EQ(a.upper_edges, b.upper_edges);
    EXPECT_EQ(a.categories, b.categories);
    EXPECT_EQ(a.known_hashes, b.known_hashes);
    EXPECT_EQ(a.unseen_joins_other, b.unseen_joins_other);
    EXPECT_EQ(a.cell_counts, b.cell_counts);
    EXPECT_EQ(a.effective_rows, b.effective_rows);
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.standard_deviation, b.standard_deviation);
    EXPECT_EQ(a.minimum, b.minimum);
    EXPECT_EQ(a.maximum, b.maximum);
    EXPECT_EQ(a.reduction, b.reduction);
  }
  EXPECT_EQ(after->features.back().reduction, "mean of y");
  ASSERT_EQ(after->strata.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(after->strata[i].name, before.strata[i].name);
    EXPECT_EQ(after->strata[i].rows, before.strata[i].rows);
    EXPECT_EQ(after->strata[i].cell_counts, before.strata[i].cell_counts);
  }
  EXPECT_EQ(SerializeReference(*after), SerializeReference(before));
}

TEST(ReferenceFile, FiftyNumericFeaturesOfAThousandCellsStayBelowAMebibyte) {
  std::vector<ColumnSpec> columns;
  for (int i = 0; i < 50; ++i)
    columns.push_back({"f" + std::to_string(i), Role::kFeature, Dtype::kFloat64, Kind::kNumeric});
  ReferenceBuilder builder({}, columns);
  std::vector<Value> row(50);
  uint64_t random = 1;
  for (int i = 0; i < 5000; ++i) {
    for (Value& value : row) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      value = Value::Double(static_cast<double>(random >> 11) * 0x1p-53 - 0.5);
    }
    ASSERT_FALSE(builder.Add(row));
  }
  const Reference reference = builder.Build().value();
  EXPECT_GT(reference.features[0].cell_counts.size(), 900u);
  const size_t bytes = SerializeReference(reference).size();
  RecordProperty("bytes", static_cast<int>(bytes));
  EXPECT_LE(bytes, size_t{1} << 20);
}

TEST(ReferenceFile, APrefixIsRefused) {
  const std::string bytes = SerializeReference(SmallReference(600));
  EXPECT_THAT(FaultOf(""), HasSubstr("r.pb: expected a reference profile, got an empty file"));
  for (size_t length = 1; length < bytes.size(); length += length < 200 ? 1 : 13) {
    ASSERT_FALSE(ParseReference(bytes.substr(0, length)).ok()) << length;
  }
  EXPECT_THAT(FaultOf(bytes.substr(0, bytes.size() - 1)), HasSubstr("were cut short"));
}

TEST(ReferenceFile, AChangedByteNeverChangesTheContentUnnoticed) {
  const std::string bytes = SerializeReference(SmallReference(600));
  for (size_t at = 0; at < bytes.size(); at += at < 200 ? 1 : 13) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    const auto reference = ParseReference(changed);
    // Bits beyond the 64th of a number written in ten bytes mean nothing.
    if (reference.ok()) {
      ASSERT_EQ(SerializeReference(*reference), bytes) << at;
    }
  }
}

TEST(ReferenceFile, OtherFilesAndVersionsAreNamed) {
  EXPECT_THAT(FaultOf("temp,carrier\n1,UA\n"), StartsWith("r.pb: its 18 bytes are not a reference profile"));
  Message message;
  ASSERT_TRUE(message.ParseFromString(SerializeReference(SmallReference(600))));
  message.set_schema_version(2);
  EXPECT_THAT(FaultOf(message.SerializeAsString()), HasSubstr("schema_version: expected 1, got 2"));
  message.set_schema_version(1);
  message.set_rows(601);
  EXPECT_THAT(FaultOf(message.SerializeAsString()), HasSubstr("it was changed or damaged"));
}

struct Damage {
  const char* message;
  std::function<void(Message&)> apply;
};

/// Damage that a hash made anew would cover: every invariant is checked for itself.
class DamagedReference : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedReference, IsRefused) {
  Message message;
  ASSERT_TRUE(message.ParseFromString(SerializeReference(SmallReference(600))));
  GetParam().apply(message);
  // The file states the hash that its content has: found by asking, as the message quotes it.
  std::string fault = FaultOf(message.SerializeAsString());
  const std::string marker = "its content has '";
  if (const size_t at = fault.find(marker); at != std::string::npos) {
    message.set_hash(fault.substr(at + marker.size(), 32));
    fault = FaultOf(message.SerializeAsString());
  }
  EXPECT_THAT(fault, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Invariants, DamagedReference,
    ::testing::Values(
        Damage{"rows: expected 1 to", [](Message& m) { m.set_rows(0); }},
        Damage{"rows: expected 1 to", [](Message& m) { m.set_rows(~uint64_t{0}); }},
        Damage{"its cell counts sum to 600", [](Message& m) { m.set_rows(601); }},
        Damage{"features: expected 1 to", [](Message& m) { m.clear_features(); }},
        Damage{"cycle_ns", [](Message& m) { m.set_cycle_ns(-1); }},
        Damage{"name: expected a text", [](Message& m) { m.mutable_features(0)->clear_name(); }},
        Damage{"its name comes twice", [](Message& m) { m.mutable_features(1)->set_name("temperature"); }},
        Damage{"feature 'temperature': dtype: expected one of",
               [](Message& m) { m.mutable_features(0)->set_dtype("FP8"); }},
        Damage{"its dtype is BYTES", [](Message& m) { m.mutable_features(0)->set_dtype("BYTES"); }},
        Damage{"role and kind", [](Message& m) { m.mutable_features(0)->clear_kind(); }},
        Damage{"role and kind",
               [](Message& m) {
                 m.mutable_features(0)->set_role(static_cast<driftserve::v1::FeatureReference::Role>(9));
               }},
        Damage{"expected features, then predictions",
               [](Message& m) {
                 m.mutable_features(4)->set_role(driftserve::v1::FeatureReference::ROLE_FEATURE);
                 m.mutable_features(0)->set_role(driftserve::v1::FeatureReference::ROLE_LABEL);
               }},
        Damage{"edge_steps: expected edges that increase",
               [](Message& m) { m.mutable_features(0)->set_edge_steps(3, 0); }},
        Damage{"edge_steps: expected edges that increase",
               [](Message& m) { m.mutable_features(0)->set_edge_steps(3, ~uint64_t{0}); }},
        Damage{"an edge is not a number",
               [](Message& m) {
                 auto& steps = *m.mutable_features(0)->mutable_edge_steps();
                 for (int i = 1; i < steps.size(); ++i) steps[i] = 1;
                 steps[0] = ~uint64_t{0} - 100'000;
               }},
        Damage{"cell counts, got", [](Message& m) { m.mutable_features(0)->add_cell_counts(0); }},
        Damage{"more than 64 bits",
               [](Message& m) {
                 m.mutable_features(0)->set_cell_counts(0, ~uint64_t{0});
                 m.mutable_features(0)->set_cell_counts(1, 600);
               }},
        Damage{"cell_counts: expected at most",
               [](Message& m) { m.mutable_features(0)->mutable_cell_counts()->Resize(70'000, 0); }},
        Damage{"a summary figure is not finite",
               [](Message& m) { m.mutable_features(0)->set_mean(std::numeric_limits<double>::quiet_NaN()); }},
        Damage{"standard_deviation is negative", [](Message& m) { m.mutable_features(0)->set_standard_deviation(-1); }},
        Damage{"minimum is above maximum", [](Message& m) { m.mutable_features(0)->set_minimum(1e9); }},
        Damage{"numeric, but it has categories", [](Message& m) { m.mutable_features(0)->add_categories("x"); }},
        Damage{"categorical, but it has edges", [](Message& m) { m.mutable_features(2)->add_edge_steps(1); }},
        Damage{"comes twice",
               [](Message& m) { m.mutable_features(2)->set_categories(0, m.features(2).categories(1)); }},
        Damage{"is not a value of BOOL", [](Message& m) { m.mutable_features(3)->set_categories(0, "maybe"); }},
        Damage{"are not sorted", [](Message& m) { m.mutable_features(2)->mutable_known_hashes()->SwapElements(0, 1); }},
        Damage{"expected counts of every feature",
               [](Message& m) { m.mutable_strata(0)->mutable_features()->RemoveLast(); }},
        Damage{"do not fit its cells or rows", [](Message& m) { m.mutable_strata(0)->set_rows(3); }},
        Damage{"do not fit its cells or rows",
               [](Message& m) { m.mutable_strata(0)->mutable_features(0)->mutable_cell_counts()->RemoveLast(); }}));

TEST(ReferenceFile, LoadsWhatItSavedAndReplacesTheFileAsAWhole) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "reference_file_test";
  std::filesystem::create_directories(folder);
  const std::string path = folder / "reference.pb";
  std::ofstream(path) << "old";
  const Reference reference = SmallReference(600);
  ASSERT_TRUE(SaveReference(reference, path).ok());
  const auto loaded = LoadReference(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->hash, reference.hash);
  const auto entries = std::filesystem::directory_iterator(folder);
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "a temporary file was left";
  EXPECT_TRUE(absl::IsNotFound(LoadReference(path + ".none").status()));
  EXPECT_TRUE(absl::IsNotFound(SaveReference(reference, folder / "none" / "reference.pb")));
  std::filesystem::remove_all(folder);
}

TEST(ReferenceFile, TheReductionIsPartOfTheHash) {
  Reference reference = SmallReference(100);
  reference.features.back().reduction = "std of y";
  EXPECT_NE(ContentHash(reference), reference.hash);
}

TEST(ReferenceFile, FitsTheMonitorFileItWasMadeFor) {
  const Reference reference = SmallReference(600);
  const std::string features =
      "features: [{name: temperature, input: x, type: numeric}, {name: number, input: x}, "
      "{name: carrier, input: x, type: categorical}, {name: flag, input: x}]\n";
  const auto fits = [&](const std::string& text) { return CheckReferenceFits(reference, *ParseMonitor(text, "m")); };
  const auto score = [&](const std::string& rest) {
    return std::string(fits(features + "predictions: [{name: score, output: y" + rest + "}]\n").message());
  };
  EXPECT_EQ(score(", reduce: mean"), "");
  EXPECT_THAT(score(", reduce: std"), HasSubstr("prediction 'score': expected std of y, got mean of y"));
  EXPECT_THAT(score(""), HasSubstr("prediction 'score': expected single values, got mean of y"));
  EXPECT_THAT(std::string(fits(features).message()), HasSubstr("prediction 'score' is not in monitor.yaml"));
  EXPECT_THAT(std::string(fits(features + "predictions: [{name: score, output: y}, {name: z, output: y}]\n").message()),
              HasSubstr("expected prediction 'z' at place 6, got no more features"));
  EXPECT_THAT(
      std::string(
          fits("features: [{name: temperature, input: x, type: categorical}, {name: carrier, input: x}]\n").message()),
      AllOf(HasSubstr("feature 'temperature': expected type categorical, got numeric"),
            HasSubstr("expected feature 'carrier' at place 2, got feature 'number'")));
}

}  // namespace
}  // namespace drift
