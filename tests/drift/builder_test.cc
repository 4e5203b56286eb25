#include "drift/builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/drift/simulation.h"

namespace drift {
namespace {

using testing::NumericColumn;
using testing::Random;

TEST(ReferenceBuilderTest, KindFollowsTheValuesUnlessStated) {
  std::vector<ColumnSpec> columns = {{"few", Role::kFeature, Dtype::kInt64, std::nullopt},
                                     {"stated", Role::kFeature, Dtype::kInt64, Kind::kNumeric},
                                     {"many", Role::kFeature, Dtype::kInt64, std::nullopt},
                                     {"flag", Role::kPrediction, Dtype::kBool, std::nullopt}};
  ReferenceBuilder builder({}, columns);
  for (int i = 0; i < 100; ++i) {
    const Value row[] = {Value::Int64(i % 20), Value::Int64(i % 20), Value::Int64(i % 21), Value::Bool(i % 2 == 0)};
    ASSERT_FALSE(builder.Add(row));
  }
  const auto built = builder.Build();
  ASSERT_TRUE(built.ok());
  EXPECT_EQ(built.value().features[0].kind, Kind::kCategorical);
  EXPECT_EQ(built.value().features[1].kind, Kind::kNumeric);
  EXPECT_EQ(built.value().features[2].kind, Kind::kNumeric);
  EXPECT_EQ(built.value().features[3].categories, (std::vector<std::string>{"false", "true"}));
}

TEST(ReferenceBuilderTest, SummariesLeaveMissingRowsOut) {
  ReferenceBuilder builder({}, {NumericColumn()});
  for (const double value : {1.0, 2.0, 3.0, std::nan(""), 6.0}) {
    const Value row[] = {Value::Double(value)};
    ASSERT_FALSE(builder.Add(row));
  }
  const Reference reference = builder.Build().value();
  EXPECT_DOUBLE_EQ(reference.features[0].mean, 3);
  EXPECT_DOUBLE_EQ(reference.features[0].standard_deviation, std::sqrt(3.5));
  EXPECT_EQ(reference.features[0].minimum, 1);
  EXPECT_EQ(reference.features[0].maximum, 6);
  EXPECT_EQ(reference.features[0].cell_counts.back(), 1u);
}

TEST(ReferenceBuilderTest, HugeValuesKeepSummariesFinite) {
  const auto reference = testing::NumericReference({-1.7e308, 1.7e308, 1e308});
  ASSERT_NE(reference, nullptr);
  EXPECT_TRUE(std::isfinite(reference->features[0].mean));
  EXPECT_TRUE(std::isfinite(reference->features[0].standard_deviation));
}

TEST(ReferenceBuilderTest, ARowThatCannotBeReadLeavesNoTrace) {
  ReferenceBuilder builder({}, {NumericColumn("a"), NumericColumn("b")});
  const Value bad[] = {Value::Double(1), Value::Text("x")};
  const auto error = builder.Add(bad);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "column 'b' (FP64): row 1: expected a number, got text");
  EXPECT_TRUE(builder.Add(std::span<const Value>(bad, 1)));
  EXPECT_EQ(builder.rows(), 0u);
}

TEST(ReferenceBuilderTest, ColumnsAddTheSameAsTheirRows) {
  Random random(6);
  const std::vector<ColumnSpec> specs = {NumericColumn("a", Dtype::kFloat32), {"b", Role::kFeature, Dtype::kInt64, {}},
                                         {"t", Role::kFeature, Dtype::kText, {}}};
  const char* const kTexts[] = {"x", "y", "z"};
  std::vector<std::vector<Value>> columns(3);
  std::vector<std::string> strata;
  for (int i = 0; i < 2000; ++i) {
    const bool missing = random.Uniform() < 0.1;
    columns[0].push_back(missing ? Value() : Value::Double(random.Normal()));
    columns[1].push_back(Value::Int64(static_cast<std::int64_t>(random.Below(1000))));
    columns[2].push_back(random.Uniform() < 0.1 ? Value() : Value::Text(kTexts[random.Below(3)]));
    strata.push_back(i % 7 == 0 ? "vip" : i % 5 == 0 ? "" : "plain");
  }
  ReferenceBuilder by_row({}, specs), by_column({}, specs);
  for (std::size_t i = 0; i < strata.size(); ++i) {
    const Value row[] = {columns[0][i], columns[1][i], columns[2][i]};
    ASSERT_FALSE(by_row.Add(row, strata[i]));
  }
  ASSERT_FALSE(by_column.AddColumns(columns, strata));
  EXPECT_EQ(by_column.rows(), 2000u);
  EXPECT_EQ(by_column.Build().value().hash, by_row.Build().value().hash);
}

TEST(ReferenceBuilderTest, ColumnsWithAnUnreadableValueAddNothing) {
  ReferenceBuilder builder({}, {NumericColumn("a"), NumericColumn("b")});
  const std::vector<std::vector<Value>> good = {{Value::Double(1), Value()}, {Value::Double(3), Value::Double(4)}};
  ASSERT_FALSE(builder.AddColumns(good));
  const std::vector<std::vector<Value>> bad = {{Value(), Value::Double(2), Value::Text("x")},
                                               {Value::Double(3), Value::Text("y"), Value::Double(4)}};
  const auto error = builder.AddColumns(bad);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "column 'b' (FP64): row 4: expected a number, got text");  // the first row, not column
  EXPECT_EQ(builder.rows(), 2u);
  ReferenceBuilder untouched({}, {NumericColumn("a"), NumericColumn("b")});
  ASSERT_FALSE(untouched.AddColumns(good));
  EXPECT_EQ(builder.Build().value().hash, untouched.Build().value().hash);
}

TEST(ReferenceBuilderTest, SamplesAreThoseThatCellsDoNotTellApart) {
  Random random(7);
  ReferenceBuilder builder({}, {NumericColumn("fine"), NumericColumn("coarse"), {"t", Role::kFeature, Dtype::kText, {}}});
  for (int i = 0; i < 3000; ++i) {
    const Value row[] = {i == 7 ? Value() : Value::Double(random.Normal()), Value::Double(i % 30), Value::Text("x")};
    ASSERT_FALSE(builder.Add(row));
  }
  SortedSamples samples;
  ASSERT_TRUE(builder.Build(&samples).ok());
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].size(), 2999u);
  EXPECT_TRUE(std::is_sorted(samples[0].begin(), samples[0].end()));
  EXPECT_TRUE(samples[1].empty());
  EXPECT_TRUE(samples[2].empty());
}

TEST(ReferenceBuilderTest, RefusesWhatMakesNoReference) {
  EXPECT_FALSE(ReferenceBuilder({}, {NumericColumn()}).Build().ok());
  const Value row[] = {Value::Text("x"), Value::Text("y")};
  ReferenceBuilder numeric_text({}, {{"t", Role::kFeature, Dtype::kText, Kind::kNumeric}});
  ASSERT_FALSE(numeric_text.Add(std::span<const Value>(row, 1)));
  EXPECT_FALSE(numeric_text.Build().ok());
  ReferenceBuilder twice({}, {{"t", Role::kFeature, Dtype::kText, {}}, {"t", Role::kFeature, Dtype::kText, {}}});
  ASSERT_FALSE(twice.Add(row));
  EXPECT_EQ(twice.Build().error().message, "reference: feature 't': its name comes twice");
}

TEST(ReferenceBuilderTest, StrataAreCountedInTheSameCells) {
  Random random(4);
  ReferenceBuilder builder({}, {NumericColumn()});
  for (int i = 0; i < 3000; ++i) {
    const Value row[] = {Value::Double(random.Normal() + (i % 3 == 0 ? 1 : 0))};
    ASSERT_FALSE(builder.Add(row, i % 3 == 0 ? "vip" : "plain"));
  }
  const Reference reference = builder.Build().value();
  ASSERT_EQ(reference.strata.size(), 2u);
  EXPECT_EQ(reference.strata[0].name, "plain");
  EXPECT_EQ(reference.strata[0].rows, 2000u);
  EXPECT_EQ(reference.strata[1].rows, 1000u);
  for (std::size_t cell = 0; cell < reference.features[0].cell_counts.size(); ++cell) {
    EXPECT_EQ(reference.strata[0].cell_counts[0][cell] + reference.strata[1].cell_counts[0][cell],
              reference.features[0].cell_counts[cell]);
  }
}

TEST(ReferenceBuilderTest, AStratumHasItsShareOfTheUnseen) {
  // What came once in the whole reference is what a stratum must expect to see for the first time.
  ReferenceBuilder builder({}, {{"t", Role::kFeature, Dtype::kText, {}}, {"n", Role::kFeature, Dtype::kInt64,
                                                                          Kind::kCategorical}});
  for (int i = 0; i < 400; ++i) {
    const bool vip = i % 4 == 0;
    const std::string once = "id" + std::to_string(i);
    const bool rare = vip ? i % 8 == 0 : i % 10 == 1;
    const Value row[] = {Value::Text(rare ? std::string_view(once) : "usual"), Value::Int64(rare ? i : -1)};
    ASSERT_FALSE(builder.Add(row, vip ? "vip" : "plain"));
  }
  const Reference reference = builder.Build().value();
  for (std::size_t f = 0; f < 2; ++f) {
    const std::size_t unseen = 2;  // after "usual" and OTHER
    EXPECT_EQ(reference.strata[0].cell_counts[f][unseen], 40u);  // plain
    EXPECT_EQ(reference.strata[1].cell_counts[f][unseen], 50u);
    EXPECT_EQ(reference.features[f].cell_counts[unseen], 90u);
    EXPECT_EQ(reference.strata[0].cell_counts[f][1], 0u);
  }
}

TEST(ReferenceBuilderTest, RowsInBurstsAreWorthFewerRows) {
  Random random(5);
  BuilderSettings settings;
  settings.time_ordered = true;
  ReferenceBuilder builder(settings, {NumericColumn("bursts"), NumericColumn("plain")});
  double level = 0;
  for (int i = 0; i < 30'000; ++i) {
    if (i % 50 == 0) level = random.Normal();
    const Value row[] = {Value::Double(level + 0.01 * random.Normal()), Value::Double(random.Normal())};
    ASSERT_FALSE(builder.Add(row));
  }
  const Reference reference = builder.Build().value();
  EXPECT_NEAR(reference.features[0].effective_rows, 600, 200);  // 600 bursts of 50 alike rows
  EXPECT_GT(reference.features[1].effective_rows, 22'000);
}

TEST(ReferenceBuilderTest, EqualRowsGiveTheEqualHash) {
  const auto first = testing::NumericReference({1, 2, 3}), second = testing::NumericReference({3, 1, 2});
  EXPECT_EQ(first->hash, second->hash);
  EXPECT_EQ(first->hash.size(), 32u);
  EXPECT_NE(first->hash, testing::NumericReference({1, 2, 4})->hash);
}

}  // namespace
}  // namespace drift
