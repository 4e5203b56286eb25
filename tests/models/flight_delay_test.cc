// The committed model answers as it did when it was exported, and is as good as its card says.
#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace {

constexpr int kNumerics = 9;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Rows {
  std::vector<float> features;  // [n, 9]
  std::vector<std::string> carrier, origin;
  std::vector<float> label;  // NaN: none
  std::vector<float> expected;

  size_t size() const { return carrier.size(); }
};

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> fields;
  std::stringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
  return fields;
}

float Number(const std::string& field) { return field.empty() ? kNaN : std::stof(field); }

// Columns: month, nine numbers, carrier, origin, label, p_late.
Rows Read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::string line;
  std::getline(file, line);
  Rows rows;
  while (std::getline(file, line)) {
    const auto fields = Split(line);
    EXPECT_EQ(fields.size(), 14u) << line;
    for (int i = 1; i <= kNumerics; ++i) rows.features.push_back(Number(fields[i]));
    rows.carrier.push_back(fields[10]);
    rows.origin.push_back(fields[11]);
    rows.label.push_back(Number(fields[12]));
    rows.expected.push_back(Number(fields[13]));
  }
  return rows;
}

c10::List<std::string> Strings(const std::vector<std::string>& values) {
  c10::List<std::string> list;
  for (const auto& value : values) list.push_back(value);
  return list;
}

class FlightDelay : public testing::Test {
 protected:
  FlightDelay() : module_(torch::jit::load("models/flight_delay/1/model.pt")) { module_.eval(); }

  std::vector<float> Predict(std::vector<float> features, const std::vector<std::string>& carrier,
                             const std::vector<std::string>& origin) {
    c10::InferenceMode inference;
    const auto n = static_cast<int64_t>(carrier.size());
    const auto x = torch::from_blob(features.data(), {n, kNumerics});
    const auto answer = module_.forward({x, Strings(carrier), Strings(origin)}).toTensor().contiguous();
    EXPECT_EQ(answer.sizes(), (std::vector<int64_t>{n, 1}));
    return {answer.data_ptr<float>(), answer.data_ptr<float>() + n};
  }

  std::vector<float> Predict(const Rows& rows) { return Predict(rows.features, rows.carrier, rows.origin); }

  torch::jit::Module module_;
};

// Mann-Whitney; ties count half.
double Auc(const Rows& rows, const std::vector<float>& score) {
  std::vector<std::pair<float, bool>> labelled;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!std::isnan(rows.label[i])) labelled.emplace_back(score[i], rows.label[i] > 0.5f);
  }
  std::sort(labelled.begin(), labelled.end());
  double late = 0, on_time = 0, area = 0;
  for (size_t i = 0; i < labelled.size();) {
    double tied_late = 0, tied_on_time = 0;
    const float value = labelled[i].first;
    for (; i < labelled.size() && labelled[i].first == value; ++i) (labelled[i].second ? tied_late : tied_on_time)++;
    area += tied_late * (on_time + tied_on_time / 2);
    late += tied_late;
    on_time += tied_on_time;
  }
  return area / (late * on_time);
}

double CardAuc() {
  std::ifstream file("models/flight_delay/MODEL_CARD.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::smatch match;
  EXPECT_TRUE(std::regex_search(text, match, std::regex(R"(the AUC is \*\*([0-9.]+)\*\*)")));
  return std::stod(match[1]);
}

TEST_F(FlightDelay, AnswersTheGoldenRowsAsItDidWhenExported) {
  const Rows rows = Read("tests/models/golden_rows.csv");
  ASSERT_EQ(rows.size(), 400u);
  EXPECT_GT(std::count(rows.carrier.begin(), rows.carrier.end(), "ZZ"), 0);
  const auto score = Predict(rows);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_NEAR(score[i], rows.expected[i], 1e-5) << "row " << i;
}

TEST_F(FlightDelay, AnswersARowAloneAsInABatch) {
  const Rows rows = Read("tests/models/golden_rows.csv");
  const auto together = Predict(rows);
  for (size_t i = 0; i < rows.size(); i += 7) {
    const auto begin = rows.features.begin() + i * kNumerics;
    const auto alone = Predict({begin, begin + kNumerics}, {rows.carrier[i]}, {rows.origin[i]});
    EXPECT_NEAR(alone[0], together[i], 1e-6) << "row " << i;
  }
}

TEST_F(FlightDelay, IsAsGoodOnTheStoredSampleAsTheCardSays) {
  const Rows rows = Read("tests/models/sample_rows.csv");
  ASSERT_GE(rows.size(), 3000u);
  EXPECT_NEAR(Auc(rows, Predict(rows)), CardAuc(), 0.002);
}

TEST_F(FlightDelay, ServesMissingAndWrongNumbers) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto missing = Predict(std::vector<float>(kNumerics, kNaN), {"UA"}, {"EWR"});
  EXPECT_EQ(Predict(std::vector<float>(kNumerics, kInfinity), {"UA"}, {"EWR"}), missing);
  EXPECT_EQ(Predict(std::vector<float>(kNumerics, -kInfinity), {"UA"}, {"EWR"}), missing);
  for (const float value : {kNaN, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
                            std::numeric_limits<float>::denorm_min()}) {
    const auto score = Predict(std::vector<float>(kNumerics, value), {"UA"}, {"EWR"});
    EXPECT_GT(score[0], 0.0f);
    EXPECT_LT(score[0], 1.0f);
  }
}

TEST_F(FlightDelay, TreatsAllUnknownStringsAlike) {
  const std::vector<float> features = {8, 1, 1400, 40, 30, 10, 10, 0, 1012};
  EXPECT_EQ(Predict(features, {"ZZ"}, {"EWR"}), Predict(features, {""}, {"EWR"}));
  EXPECT_EQ(Predict(features, {"UA"}, {"EWR "}), Predict(features, {"UA"}, {"SFO"}));
  EXPECT_NE(Predict(features, {"ZZ"}, {"EWR"}), Predict(features, {"UA"}, {"EWR"}));
}

TEST_F(FlightDelay, ServesAnEmptyBatch) { EXPECT_TRUE(Predict({}, {}, {}).empty()); }

}  // namespace
