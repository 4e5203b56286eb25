// Damaged messages of the samples topic: each is a row or a reason, and what is a row can be counted.
#include <memory>

#include <gtest/gtest.h>

#include "drift/topic/boot_sequences.h"
#include "drift/topic/record_row.h"
#include "drift/window.h"
#include "tests/drift_topic/sample_record.h"
#include "tests/fuzz/mutator.h"

namespace drift {
namespace {

using driftserve::Mutator;
using driftserve::v1::Record;

constexpr int kIterations = 40'000;

using namespace std::string_view_literals;
const std::vector<std::string_view> kTokens = {
    "temperature", "carrier", "score", "\x32\x01m", "\x3a\x02UA", "\xff\xff\xff\xff\x0f",
    "\x41\x00\x00\x00\x00\x00\x00\xf0\x3f"sv, "\x62\x06\x08"};

// A record of one of a few shapes, before it is damaged.
Record Shape(Mutator& mutator, const Reference& reference, uint64_t seq) {
  Record record = SampleRecord(seq, reference, static_cast<int>(mutator.Below(3000)));
  switch (mutator.Below(6)) {
    case 0: record.set_inclusion_probability(static_cast<double>(mutator.Number()) / 1e19); break;
    case 1: record.mutable_time()->set_seconds(static_cast<int64_t>(mutator.Number())); break;
    case 2: record.set_seq(mutator.Number()); break;
    case 3: record.mutable_features(1)->set_unsigned_integer(mutator.Number()); break;
    case 4: record.mutable_features(0)->set_number(static_cast<double>(mutator.Number()) * 1e300); break;
    default: record.mutable_features(2)->set_text(std::string(mutator.Below(40), '\xff')); break;
  }
  return record;
}

TEST(RecordFuzz, DamagedMessagesAreRowsOrReasons) {
  const auto reference = SharedReference();
  RecordRow rows(reference);
  Window window(reference, {"UA", "DL", "other"}, {});
  BootSequences sequences;
  Mutator mutator(1);
  Record record;
  std::vector<Value> values;
  uint64_t read = 0, refused = 0, added = 0;
  for (int i = 0; i < kIterations; ++i) {
    std::string bytes = Shape(mutator, *reference, static_cast<uint64_t>(i) + 1).SerializeAsString();
    if (mutator.Below(4) != 0) bytes = mutator.Mutate(std::move(bytes), kTokens);
    TopicMessage message;
    message.value = bytes;
    if (ReadRecord(message, record) || CheckRecord(record, {"m", "3", reference->hash}) || rows.Read(record, values)) {
      ++refused;
      continue;
    }
    ++read;
    sequences.Insert(static_cast<int32_t>(mutator.Below(3)), true, record.boot_id(), record.seq());
    // The window's own time only moves on, so a late row may be refused; never for another reason.
    ASSERT_EQ(values.size(), reference->features.size());
    added += window.Add(TimeOf(record), record.stratum() == "UA" ? 0 : 1, record.inclusion_probability(),
                        static_cast<int>(record.sampling_rule()), values);
  }
  EXPECT_EQ(read + refused, static_cast<uint64_t>(kIterations));
  EXPECT_GT(read, static_cast<uint64_t>(kIterations) / 10);
  EXPECT_GT(refused, static_cast<uint64_t>(kIterations) / 10);
  EXPECT_EQ(added + window.counters().late_rows, read);
  EXPECT_EQ(window.counters().unreadable_rows + window.counters().invalid_rows, 0u);
  EXPECT_LE(sequences.Gaps(5).size(), 5u);
}

TEST(RecordFuzz, NoiseIsCorrupt) {
  Mutator mutator(2);
  Record record;
  for (int i = 0; i < kIterations; ++i) {
    std::string noise(mutator.Below(200), '\0');
    for (char& byte : noise) byte = static_cast<char>(mutator.Below(256));
    TopicMessage message;
    message.value = noise;
    const auto skip = ReadRecord(message, record);
    ASSERT_TRUE(skip);
    EXPECT_EQ(skip->reason, SkipReason::kCorrupt);
  }
}

}  // namespace
}  // namespace drift
