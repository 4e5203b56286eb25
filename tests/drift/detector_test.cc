// The detectors of concept drift: as River's on equal weights, and right on a sample with unequal ones.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "drift/ddm.h"
#include "drift/detector.h"
#include "tests/drift/simulation.h"

namespace drift {
namespace {

constexpr DetectorKind kKinds[] = {DetectorKind::kAdwin, DetectorKind::kDdm, DetectorKind::kPageHinkley};

struct Segment {
  int count;
  double from, to;
};

std::vector<double> Errors(bool binary, std::uint64_t seed, const std::vector<Segment>& segments) {
  testing::Random random(seed);
  std::vector<double> errors;
  for (const Segment& segment : segments) {
    for (int i = 0; i < segment.count; ++i) {
      const double level = segment.from + (segment.to - segment.from) * i / segment.count;
      const double u = random.Uniform();
      errors.push_back(binary ? u < level : 2 * u * level);
    }
  }
  return errors;
}

struct Found {
  std::vector<int> alarms;
  std::vector<std::string> warnings;  // "first-last"
};

Found Feed(Detector& detector, const std::vector<double>& errors, double weight = 1) {
  Found found;
  int first = -1;
  const int count = static_cast<int>(errors.size());
  for (int i = 0; i <= count; ++i) {
    const LevelChange change =
        i < count ? detector.Update(errors[static_cast<std::size_t>(i)], weight) : LevelChange::kNone;
    if (change == LevelChange::kRose || change == LevelChange::kFell) found.alarms.push_back(i);
    if (change == LevelChange::kWarning && first < 0) first = i;
    if (change == LevelChange::kWarning || first < 0) continue;
    found.warnings.push_back(std::to_string(first) + "-" + std::to_string(i - 1));
    first = -1;
  }
  return found;
}

// tests/golden/drift/concept.txt, as make_concept_golden.py describes it.
TEST(DetectorGoldenTest, AlarmsAndWarnsAtTheSameErrorsAsRiver) {
  std::ifstream file("tests/golden/drift/concept.txt");
  std::string line, name;
  std::vector<double> errors;
  bool binary = false;
  int compared = 0, alarms = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "stream") {
      std::string kind, segment;
      std::uint64_t seed;
      std::vector<Segment> segments;
      words >> name >> kind >> seed;
      while (words >> segment) {
        Segment& parsed = segments.emplace_back();
        ASSERT_EQ(std::sscanf(segment.c_str(), "%d:%lf:%lf", &parsed.count, &parsed.from, &parsed.to), 3) << line;
      }
      binary = kind == "binary";
      errors = Errors(binary, seed, segments);
      continue;
    }
    std::vector<std::string> expected, got;
    for (std::string word; words >> word;) expected.push_back(word);
    if (first == "ddm_warning") {
      const auto ddm = MakeDetector(DetectorKind::kDdm, true);
      got = Feed(*ddm, errors).warnings;
    } else {
      for (const DetectorKind kind : kKinds) {
        if (Name(kind) != first) continue;
        const auto detector = MakeDetector(kind, binary);
        for (const int alarm : Feed(*detector, errors).alarms) got.push_back(std::to_string(alarm));
      }
      alarms += static_cast<int>(got.size());
    }
    EXPECT_EQ(got, expected) << name << " " << first;
    ++compared;
  }
  EXPECT_EQ(compared, 40);
  EXPECT_GE(alarms, 30) << "a golden file of silence compares nothing";
}

// The measured spread of DDM is the same number for errors of 0 and 1, but not the same bits.
TEST(DdmTest, MeasuredSpreadOfBinaryErrorsIsTheBernoulliOne) {
  Ddm bernoulli(DdmSettings{.binary = true}), measured(DdmSettings{.binary = false});
  for (const double error : Errors(true, 20, {{3000, 0.2, 0.2}})) {
    bernoulli.Update(error, 1);
    measured.Update(error, 1);
    if (!bernoulli.statistic()) continue;
    ASSERT_TRUE(measured.statistic());
    EXPECT_NEAR(bernoulli.statistic()->value, measured.statistic()->value, 1e-12);
    EXPECT_NEAR(bernoulli.statistic()->threshold, measured.statistic()->threshold, 1e-12);
  }
}

TEST(DetectorTest, SaysWhichWayTheErrorWent) {
  for (const DetectorKind kind : {DetectorKind::kAdwin, DetectorKind::kPageHinkley}) {
    for (const bool rise : {true, false}) {
      const auto detector = MakeDetector(kind, true);
      std::vector<LevelChange> changes;
      for (const double error : Errors(true, 31, {{2000, rise ? 0.1 : 0.5, rise ? 0.1 : 0.5}, {600, 0.3, 0.3}})) {
        const LevelChange change = detector->Update(error, 1);
        if (change != LevelChange::kNone) changes.push_back(change);
      }
      EXPECT_EQ(changes, std::vector<LevelChange>{rise ? LevelChange::kRose : LevelChange::kFell}) << Name(kind);
    }
  }
}

TEST(DetectorTest, AStatisticIsShownOnceThereIsOneAndIsAboveItsThresholdAtAnAlarm) {
  for (const DetectorKind kind : kKinds) {
    const auto detector = MakeDetector(kind, true);
    EXPECT_FALSE(detector->statistic()) << Name(kind);
    bool alarmed = false;
    for (const double error : Errors(true, 32, {{1000, 0.1, 0.1}, {1000, 0.8, 0.8}})) {
      const LevelChange change = detector->Update(error, 1);
      if (change != LevelChange::kRose) continue;
      ASSERT_TRUE(detector->statistic());
      EXPECT_GT(detector->statistic()->value, detector->statistic()->threshold) << Name(kind);
      alarmed = true;
    }
    EXPECT_TRUE(alarmed) << Name(kind);
  }
}

// A stream of two strata, of which only some rows are kept. An important tenth is kept at 1, the rest at 0.05.
class StratifiedStream {
 public:
  static constexpr double kShare = 0.1, kRate = 0.05;
  explicit StratifiedStream(std::uint64_t seed) : random_(seed) {}

  // Rows of the whole stream until one is kept: its error, and its weight.
  std::pair<double, double> Next(double important_level, double other_level) {
    while (true) {
      ++rows_;
      const bool important = random_.Uniform() < kShare;
      const double error = random_.Uniform() < (important ? important_level : other_level);
      if (important) return {error, kRate};
      if (random_.Uniform() < kRate) return {error, 1};
    }
  }
  int rows() const { return rows_; }

 private:
  testing::Random random_;
  int rows_ = 0;
};

// How many of `streams` sampled streams of `rows` rows alarmed, by detector. Levels of the important and other stratum.
std::map<DetectorKind, int> Alarming(int streams, int rows, double important, double other, double other_after) {
  std::map<DetectorKind, int> alarming;
  for (const DetectorKind kind : kKinds) {
    for (int i = 0; i < streams; ++i) {
      StratifiedStream stream(100 + static_cast<std::uint64_t>(i));
      const auto detector = MakeDetector(kind, true);
      bool alarmed = false;
      while (stream.rows() < rows) {
        const auto [error, weight] = stream.Next(important, stream.rows() < rows / 2 ? other : other_after);
        const LevelChange change = detector->Update(error, weight);
        alarmed |= change == LevelChange::kRose || change == LevelChange::kFell;
      }
      alarming[kind] += alarmed;
    }
  }
  return alarming;
}

// As many errors of the whole stream's mixture as the sample is worth, with equal weights: what River would say.
std::map<DetectorKind, int> AlarmingUnweighted(int streams, int count, double level) {
  std::map<DetectorKind, int> alarming;
  for (const DetectorKind kind : kKinds) {
    for (int i = 0; i < streams; ++i) {
      const auto detector = MakeDetector(kind, true);
      alarming[kind] += !Feed(*detector, Errors(true, 5000 + static_cast<std::uint64_t>(i), {{count, level, level}}))
                             .alarms.empty();
    }
  }
  return alarming;
}

// 40 000 rows are worth 2000: 1800 kept of the rest and 200 of the important ones.
TEST(WeightedDetectorTest, NoChangeIsLeftAloneAsOftenAsInAnUnweightedStream) {
  const int streams = testing::Replications(200);
  const auto unweighted = AlarmingUnweighted(streams, 2000, 0.2);
  const auto alike = Alarming(streams, 40000, 0.2, 0.2, 0.2);
  // Only the rare heavy rows err: where Kish's effective number is most wrong.
  const auto unlike = Alarming(streams, 40000, 0.0, 0.222, 0.222);
  if (streams < 200) return;
  for (const auto& weighted : {alike, unlike}) {
    EXPECT_EQ(weighted.at(DetectorKind::kAdwin), 0);
    EXPECT_LE(weighted.at(DetectorKind::kPageHinkley), unweighted.at(DetectorKind::kPageHinkley) + 3);
    // DDM alarms on a quarter of the steady streams, in River too; weights must not add to that.
    EXPECT_LE(weighted.at(DetectorKind::kDdm), unweighted.at(DetectorKind::kDdm) + 14);
  }
  EXPECT_EQ(unweighted.at(DetectorKind::kAdwin), 0);
  EXPECT_LE(unweighted.at(DetectorKind::kPageHinkley), 4);
  EXPECT_LE(unweighted.at(DetectorKind::kDdm), 70);
}

// What would happen if the sample were taken as it is: its mixture moves when the *rates* do, not the errors.
TEST(WeightedDetectorTest, AChangeOfTheRestIsFound) {
  const auto found = Alarming(30, 80000, 0.2, 0.2, 0.4);
  EXPECT_EQ(found.at(DetectorKind::kAdwin), 30);
  EXPECT_EQ(found.at(DetectorKind::kPageHinkley), 30);
  EXPECT_GE(found.at(DetectorKind::kDdm), 29);
}

TEST(WeightedDetectorTest, MoreImportantTrafficInTheSampleIsNoChange) {
  // The important tenth errs at 0.6, the rest at 0.1. Then its rate in the sample is multiplied by ten.
  for (const bool weighted : {true, false}) {
    testing::Random random(77);
    const auto adwin = MakeDetector(DetectorKind::kAdwin, true);
    int alarms = 0;
    for (int row = 0; row < 60000; ++row) {
      const bool important = random.Uniform() < 0.1;
      const double rate = important && row > 30000 ? 0.5 : 0.05;
      const double error = random.Uniform() < (important ? 0.6 : 0.1);
      if (random.Uniform() >= rate) continue;
      alarms += adwin->Update(error, weighted ? 0.05 / rate : 1) != LevelChange::kNone;
    }
    EXPECT_EQ(alarms > 0, !weighted);
  }
}

// A stream of rows of weight ½ is worth half of its rows: a change in it is found, if later.
TEST(WeightedDetectorTest, LightRowsAreWorthTheirWeight) {
  const std::vector<double> errors = Errors(true, 41, {{4000, 0.1, 0.1}, {4000, 0.4, 0.4}});
  for (const DetectorKind kind : kKinds) {
    const auto detector = MakeDetector(kind, true);
    const std::vector<int> alarms = Feed(*detector, errors, 0.5).alarms;
    ASSERT_FALSE(alarms.empty()) << Name(kind);
    EXPECT_GE(alarms.front(), 4000) << Name(kind);
    EXPECT_LT(alarms.front(), 6500) << Name(kind);
  }
  const auto light = MakeDetector(DetectorKind::kPageHinkley, true);
  EXPECT_TRUE(Feed(*light, errors, 0.01).alarms.empty()) << "eighty rows' worth of errors";
}

}  // namespace
}  // namespace drift
