// Any bytes as the value of a message of the samples topic: a row that a window takes, or a reason.
#include <google/protobuf/stubs/logging.h>

#include "drift/topic/boot_sequences.h"
#include "drift/topic/record_row.h"
#include "drift/topic/skipped.h"
#include "drift/window.h"
#include "tests/drift_topic/sample_record.h"
#include "tests/fuzz/require.h"

namespace {

using driftserve::Require;

using SharedReference = std::shared_ptr<const drift::Reference>;

std::optional<drift::Skip> ReadRow(const drift::TopicMessage& message, const SharedReference& reference,
                                   driftserve::v1::Record& record, std::vector<drift::Value>& values) {
  if (auto skip = drift::ReadRecord(message, record)) return skip;
  if (auto skip = drift::CheckRecord(record, {"m", "", ""})) return skip;
  return drift::RecordRow(reference).Read(record, values);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer silent;  // a line of every damaged name
  static const SharedReference reference = drift::SharedReference();
  drift::TopicMessage message;
  message.value = std::string_view(reinterpret_cast<const char*>(data), size);
  driftserve::v1::Record record;
  std::vector<drift::Value> values;
  if (const auto skip = ReadRow(message, reference, record, values)) {
    ++driftserve::inputs_refused;
    drift::SkippedMessages skipped;
    skipped.Count(message, *skip);
    Require(skipped.total() == 1 && skipped.Describe().size() == 1, "one sentence for what was skipped");
    return 0;
  }
  ++driftserve::inputs_read;
  Require(values.size() == reference->features.size(), "a value for each feature");
  drift::Window window(reference, {"UA", "DL", "other"}, {});
  Require(window.Add(drift::TimeOf(record), 0, record.inclusion_probability(), static_cast<int>(record.sampling_rule()),
                     values), "a row that the window takes");
  drift::BootSequences sequences(2);
  Require(sequences.Insert(0, true, record.boot_id(), record.seq()), "a first number that is new");
  return 0;
}
