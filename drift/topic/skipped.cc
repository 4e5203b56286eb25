#include "drift/topic/skipped.h"

#include "drift/profile/text.h"

namespace drift {
namespace {

constexpr std::array<std::string_view, kSkipReasons> kNames = {
    "foreign",      "corrupt",      "other_model", "other_version", "other_reference",
    "absent_field", "hashed_field", "unreadable",  "duplicate",     "out_of_time"};

constexpr std::array<std::string_view, kSkipReasons> kSentences = {
    "are not samples of driftserve, by their headers",
    "are not readable as driftserve.v1.Record",
    "are of another model",
    "are of another version of the model",
    "were made against another reference",
    "lack a watched feature (record.fields in monitor.yaml says what is recorded; with --monitor it is left out)",
    "hold a watched feature as a hash, which cannot be compared (with --monitor it is left out)",
    "hold a value that is none of its feature's type",
    "came a second time, by {boot_id, seq}",
    "are outside the times asked for"};

}  // namespace

std::string_view Name(SkipReason reason) { return kNames[static_cast<size_t>(reason)]; }

void SkippedMessages::Count(const TopicMessage& message, const Skip& skip) {
  Counted& counted = counts_[static_cast<size_t>(skip.reason)];
  ++counted.messages;
  if (counted.places.size() >= kPlaces) return;
  std::string place = Concat("partition ", message.partition, " offset ", message.offset);
  if (!skip.detail.empty()) place += Concat(" (", skip.detail, ")");
  counted.places.push_back(std::move(place));
}

void SkippedMessages::Add(const SkippedMessages& other) {
  for (size_t i = 0; i < kSkipReasons; ++i) {
    counts_[i].messages += other.counts_[i].messages;
    for (const std::string& place : other.counts_[i].places) {
      if (counts_[i].places.size() < kPlaces) counts_[i].places.push_back(place);
    }
  }
}

uint64_t SkippedMessages::total() const {
  uint64_t total = 0;
  for (const Counted& counted : counts_) total += counted.messages;
  return total;
}

std::vector<std::string> SkippedMessages::Describe() const {
  std::vector<std::string> sentences;
  for (size_t i = 0; i < kSkipReasons; ++i) {
    if (counts_[i].messages == 0 || i == static_cast<size_t>(SkipReason::kOutOfTime)) continue;
    sentences.push_back(Concat(counts_[i].messages, counts_[i].messages == 1 ? " message: " : " messages: ", "they ",
                               kSentences[i], "; skipped, the first: ", JoinNames(counts_[i].places)));
  }
  return sentences;
}

}  // namespace drift
