#pragma once

#include <memory>
#include <string>

#include "drift/topic/record_row.h"
#include "tests/drift_profile/small_reference.h"

namespace drift {

inline constexpr int64_t kSampleTimeNs = 1'764'000'000'000'000'000;

/// A record of SmallReference()'s model. `seq` is its number; row `row` of the reference's own rows.
inline driftserve::v1::Record SampleRecord(uint64_t seq, const Reference& reference, int row = 0) {
  driftserve::v1::Record record;
  record.set_boot_id(0xb007);
  record.set_seq(seq);
  record.set_model_name("m");
  record.set_model_version("3");
  record.set_stratum(row % 3 == 0 ? "UA" : "DL");
  record.set_inclusion_probability(0.5);
  record.set_sampling_rule(9);
  record.set_reference_hash(reference.hash);
  record.mutable_time()->set_seconds(kSampleTimeNs / 1'000'000'000 + row);
  const auto add = [&record](const char* name) {
    auto* field = record.add_features();
    field->set_name(name);
    return field;
  };
  add("temperature")->set_number((row * 37 % 1009) / 7.0 - 40);
  add("number")->set_integer((int64_t{1} << 53) + row % 700);
  add("carrier")->set_text(row % 3 == 0 ? "UA" : "DL");
  add("flag")->set_boolean(row % 4 == 0);
  auto* score = record.add_outputs();
  score->set_name("score");
  score->set_number((row * 13 % 997) / 997.0);
  return record;
}

inline std::shared_ptr<const Reference> SharedReference() {
  return std::make_shared<const Reference>(SmallReference());
}

}  // namespace drift
