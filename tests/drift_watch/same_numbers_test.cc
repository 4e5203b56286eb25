// The same records through the server's observer and through `drift watch`.
#include <cmath>
#include <map>
#include <numeric>

#include "drift/watch/topic_watch.h"
#include "tests/observe/pipeline.h"

namespace driftserve {
namespace {

constexpr int kPartitions = 3;

class SameNumbersTest : public Pipeline {
 protected:
  SameNumbersTest() {
    monitor_.sampling.rates = {{"gold", 1.0}};
    monitor_.sampling.rule_version = 5;  // the pipeline's
    auto named = std::make_shared<drift::Reference>(*reference_);
    named->hash = "abc";  // as the model of the pipeline has it
    watched_reference_ = named;
  }

  void Watch(std::shared_ptr<WatchedModel> model) {
    model_ = std::move(model);
    observer_.Watch(model_, reference_, monitor_);
  }

  /// Rows of two strata, the second one shifted; a second and a pass at a time.
  void ServeStrata(int seconds, int per_second) {
    for (int second = 0; second < seconds; ++second) {
      for (int i = 0; i < per_second; ++i, ++served_) {
        const bool gold = served_ % 5 == 0;
        const auto x = static_cast<float>((served_ * 7919 % 6000 + 0.5) / 6000) * (gold ? 0.5f : 1.0f);
        serving_.Answer(model_, x, served_ % 2 == 0 ? "UA" : "DL", gold ? 1 : 0);
      }
      observer_.RunOnce();
      clock_.AdvanceSeconds(1);
    }
    clock_.AdvanceSeconds(4);  // to the next evaluation
    observer_.RunOnce();
  }

  /// Members of a group: partition p goes to member p modulo their number.
  std::vector<std::unique_ptr<drift::TopicWatch>> Consume(int members) {
    std::vector<std::unique_ptr<drift::TopicWatch>> group;
    for (int i = 0; i < members; ++i) {
      std::vector<std::unique_ptr<drift::WatchedVersion>> versions;
      versions.push_back(std::make_unique<drift::WatchedVersion>(*watched_reference_, &monitor_, 0));
      group.push_back(std::make_unique<drift::TopicWatch>(std::move(versions)));
    }
    for (int p = 0; p < kPartitions; ++p) group[p % members]->Assigned({p, 0, 0, 0});
    int64_t offset = 0;
    for (const OutgoingRecord& record : publisher_.Records()) {
      if (record.kind != RecordKind::kSample) continue;
      drift::GroupMessage message;
      message.message.partition = static_cast<int32_t>(offset % kPartitions);
      message.message.offset = offset / kPartitions;
      message.message.value = record.value;
      for (const auto& [name, value] : record.headers) {
        if (name == drift::kContentTypeHeader) message.message.content_type = value;
        if (name == drift::kTypeHeader) message.message.type = value;
        if (name == drift::kSchemaHeader) message.message.schema = value;
      }
      group[message.message.partition % members]->Take(message, clock_.UnixNanos());
      ++offset;
    }
    for (const auto& member : group) member->Committed();
    return group;
  }

  drift::Evaluation Evaluate(drift::TopicWatch& watch) {
    return watch.versions()[0]->Evaluate(Snapshot()->evaluation.time_ns);
  }

  /// Bins of each {feature, stratum, rule}, added over the members.
  using Bins = std::map<std::tuple<std::string, std::string, uint32_t>, std::vector<uint64_t>>;
  static Bins BinsOf(const std::vector<std::unique_ptr<drift::TopicWatch>>& group) {
    Bins bins;
    for (const auto& member : group) {
      const drift::WatchedVersion& version = *member->versions()[0];
      for (const auto& [key, totals] : version.totals()) {
        for (size_t f = 0; f < version.layout().features(); ++f) {
          const std::string& stratum = version.strata()[static_cast<size_t>(key.second)];
          auto& sum = bins[{version.reference().features[f].name, stratum, key.first}];
          sum.resize(version.layout().feature(f).bins());
          for (size_t b = 0; b < sum.size(); ++b) sum[b] += totals.bins[version.layout().bin_offset(f) + b];
        }
      }
    }
    return bins;
  }

  void ExpectSameBins(const std::vector<std::unique_ptr<drift::TopicWatch>>& group) {
    Bins server;
    for (const BinCounts& counts : Snapshot()->bins) {
      server[{counts.feature, counts.stratum, counts.rule}] = counts.observations;
    }
    EXPECT_EQ(BinsOf(group), server);
    uint64_t rows = 0;
    for (const auto& member : group) rows += member->counts().rows;
    EXPECT_EQ(rows, model_->kept()[0].Read() + model_->kept()[1].Read());
  }

  static double ValueOf(const drift::FeatureResult& feature, drift::Measure measure) {
    for (const drift::MeasureResult& result : feature.measures) {
      if (result.measure == measure) return result.value;
    }
    return -1;
  }

  drift::MonitorSettings monitor_ = MakeMonitor();
  std::shared_ptr<const drift::Reference> watched_reference_;
};

TEST_F(SameNumbersTest, AtFullRatesEveryFigureIsTheServers) {
  Watch(MakeModel(1.0));
  ServeStrata(40, 100);
  const auto group = Consume(1);
  ExpectSameBins(group);
  const drift::Evaluation here = Evaluate(*group[0]), there = Snapshot()->evaluation;
  EXPECT_EQ(here.population.rows_kept, there.population.rows_kept);
  EXPECT_DOUBLE_EQ(here.population.rows_seen, there.population.rows_seen);
  ASSERT_EQ(here.population.features.size(), there.population.features.size());
  for (size_t f = 0; f < here.population.features.size(); ++f) {
    const drift::FeatureResult &mine = here.population.features[f], &server = there.population.features[f];
    ASSERT_TRUE(mine.ready && server.ready) << mine.name << ": " << mine.reason << server.reason;
    EXPECT_EQ(ValueOf(mine, drift::Measure::kKs), ValueOf(server, drift::Measure::kKs)) << mine.name;
    EXPECT_NEAR(ValueOf(mine, drift::Measure::kPsi), ValueOf(server, drift::Measure::kPsi), 1e-9) << mine.name;
    EXPECT_NEAR(mine.effective_samples, server.effective_samples, 1e-6 * server.effective_samples) << mine.name;
    for (size_t b = 0; b < mine.bins.size(); ++b) {
      EXPECT_NEAR(*mine.bins[b].current_share, *server.bins[b].current_share, 1e-12) << mine.name;
    }
  }
  ASSERT_EQ(here.strata.size(), there.strata.size());
  EXPECT_EQ(here.strata[1].stratum, "gold");
  EXPECT_EQ(ValueOf(here.strata[1].features[0], drift::Measure::kPsi),
            ValueOf(there.strata[1].features[0], drift::Measure::kPsi));
}

TEST_F(SameNumbersTest, AtUnequalRatesBinsAreEqualAndTheEstimateIsTheOneByInclusionProbability) {
  Watch(MakeModel(0.25));
  ServeStrata(40, 100);
  const auto group = Consume(1);
  ExpectSameBins(group);
  // The library's own estimate of rows that know nothing but π: one window, in the order in which they came.
  drift::Window window(watched_reference_, {"default", "gold"}, monitor_.window);
  drift::RecordRow rows(watched_reference_);
  std::vector<drift::Value> values;
  for (const OutgoingRecord& outgoing : publisher_.Records()) {
    v1::Record record;
    if (outgoing.kind != RecordKind::kSample || !record.ParseFromString(outgoing.value)) continue;
    ASSERT_FALSE(rows.Read(record, values));
    ASSERT_TRUE(window.Add(drift::TimeOf(record), record.stratum() == "gold" ? 1 : 0, record.inclusion_probability(),
                           static_cast<int>(record.sampling_rule()), values));
  }
  const int64_t now = Snapshot()->evaluation.time_ns;
  window.Advance(now);
  const drift::Evaluation alone = drift::Evaluator(watched_reference_, monitor_.evaluator(), 0).Evaluate(window, now);
  const drift::Evaluation here = Evaluate(*group[0]), there = Snapshot()->evaluation;
  for (size_t f = 0; f < here.population.features.size(); ++f) {
    const drift::FeatureResult &mine = here.population.features[f], &library = alone.population.features[f];
    ASSERT_TRUE(mine.ready) << mine.reason;
    for (const drift::Measure measure : {drift::Measure::kPsi, drift::Measure::kKs}) {
      EXPECT_NEAR(ValueOf(mine, measure), ValueOf(library, measure), 1e-9) << mine.name;
      // The server, which counted every row, knows the strata's shares exactly; here they are estimated.
      EXPECT_NEAR(ValueOf(mine, measure), ValueOf(there.population.features[f], measure), 0.05) << mine.name;
    }
  }
}

TEST_F(SameNumbersTest, MembersAddUpToTheServersBins) {
  Watch(MakeModel(0.25));
  ServeStrata(20, 200);
  ExpectSameBins(Consume(2));
  ExpectSameBins(Consume(3));
}

TEST_F(SameNumbersTest, APartitionGoesWithItsRowsAndComesWholeElsewhere) {
  Watch(MakeModel(1.0));
  ServeStrata(20, 150);
  auto group = Consume(2);
  const double first = Evaluate(*group[0]).population.rows_kept, second = Evaluate(*group[1]).population.rows_kept;
  EXPECT_EQ(first + second, 3000);
  EXPECT_EQ(second, 1000);
  group[1]->Revoked(1, true);
  EXPECT_EQ(Evaluate(*group[1]).population.rows_kept, 0);
  // The first member reads it again: into its window, not into its totals.
  group[0]->Assigned({1, 0, 1000, 0});
  int64_t number = 0;
  for (const OutgoingRecord& record : publisher_.Records()) {
    if (record.kind != RecordKind::kSample || number++ % kPartitions != 1) continue;
    drift::GroupMessage again;
    again.message = {1, number / kPartitions, record.value, {}, {}, {}};
    again.counted = false;
    group[0]->Take(again, clock_.UnixNanos());
  }
  group[0]->Committed();
  EXPECT_EQ(Evaluate(*group[0]).population.rows_kept, 3000);
  EXPECT_EQ(group[0]->counts().read_again, 1000u);
  ExpectSameBins(group);
}

}  // namespace
}  // namespace driftserve
