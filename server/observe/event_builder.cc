#include "server/observe/event_builder.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "driftserve/v1/event.pb.h"
#include "server/observe/cloud_event.h"

namespace driftserve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool IsQuiet(drift::State state) { return state == drift::State::kWarming || state == drift::State::kObserving; }

// "psi", "ks", …; of concept drift "concept" for the verdict and else the detector; empty for the model.
std::string DriftType(const drift::StateChange& change) {
  if (change.measure) return std::string(drift::Name(*change.measure));
  return change.detector == drift::kConceptVerdict ? "concept" : change.detector;
}

double EffectiveSamples(const drift::Evaluation& evaluation, const drift::StateChange& change) {
  const drift::ViewResult* view = change.stratum.empty() ? &evaluation.population : nullptr;
  for (const drift::ViewResult& stratum : evaluation.strata) {
    if (view == nullptr && stratum.stratum == change.stratum) view = &stratum;
  }
  if (view == nullptr) return 0;
  for (const drift::FeatureResult& feature : view->features) {
    if (feature.name == change.feature && feature.role == change.role) return feature.effective_samples;
  }
  return 0;
}

v1::DriftEvent MakeMessage(const WatchedModelSettings& model, const drift::Evaluation& evaluation,
                           const drift::StateChange& change) {
  v1::DriftEvent event;
  event.mutable_time()->set_seconds(evaluation.time_ns / kSecond);
  event.mutable_time()->set_nanos(static_cast<int32_t>(evaluation.time_ns % kSecond));
  event.set_model_name(model.name);
  event.set_model_version(model.version);
  event.set_reference_hash(model.reference_hash);
  event.set_stratum(change.stratum);
  event.set_feature(change.feature);
  event.set_drift_type(DriftType(change));
  event.set_from_state(std::string(drift::Name(change.from)));
  event.set_to_state(std::string(drift::Name(change.to)));
  if (change.value) event.set_value(*change.value);
  if (change.threshold) event.set_threshold(*change.threshold);
  if (change.p_value) event.set_p_value(*change.p_value);
  event.set_effective_samples(EffectiveSamples(evaluation, change));
  return event;
}

}  // namespace

OutgoingRecord BuildEvent(const WatchedModelSettings& model, const drift::Evaluation& evaluation,
                          const drift::StateChange& change, const EventOrigin& origin, uint64_t seq) {
  OutgoingRecord outgoing;
  outgoing.kind = RecordKind::kEvent;
  outgoing.seq = seq;
  outgoing.topic = origin.topic;
  outgoing.key = absl::StrCat(model.name, "/", change.detector.empty() ? change.feature : "concept");
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  // Names come from checked configuration and are UTF-8, without which nothing is printed.
  (void)google::protobuf::util::MessageToJsonString(MakeMessage(model, evaluation, change), &outgoing.value, options);
  const std::string id = absl::StrCat(BootIdText(origin.boot_id), "-e", seq);
  outgoing.headers = CloudEventHeaders({.id = id,
                                        .source = origin.source,
                                        .type = kDriftType,
                                        .data_schema = kDriftSchema,
                                        .content_type = kJsonContent,
                                        .time_ns = evaluation.time_ns});
  return outgoing;
}

std::string DescribeChange(const WatchedModelSettings& model, const drift::StateChange& change) {
  std::string text = absl::StrCat("model '", model.name, "' version ", model.version, ": ");
  if (!change.feature.empty()) {
    absl::StrAppend(&text, std::string(drift::Name(change.role)), " '", change.feature, "' ");
  }
  if (change.measure) absl::StrAppend(&text, std::string(drift::Name(*change.measure)), " ");
  if (!change.detector.empty()) {
    absl::StrAppend(&text, "concept drift ");
    if (change.detector != drift::kConceptVerdict) absl::StrAppend(&text, "by ", change.detector, " ");
  }
  if (!change.stratum.empty()) absl::StrAppend(&text, "in stratum '", change.stratum, "' ");
  absl::StrAppend(&text, "was ", std::string(drift::Name(change.from)), ", is ", std::string(drift::Name(change.to)));
  if (change.value) {
    const bool model_state = change.feature.empty() && change.detector.empty();
    absl::StrAppend(&text, model_state ? "; share of drifted features "
                           : change.detector == drift::kConceptVerdict ? "; mean error "
                                                                       : "; value ",
                    *change.value);
  }
  if (change.threshold) absl::StrAppend(&text, ", threshold ", *change.threshold);
  if (change.p_value) absl::StrAppend(&text, ", p-value ", *change.p_value);
  return text;
}

LogLevel LevelOf(const drift::StateChange& change) {
  switch (change.to) {
    case drift::State::kWarning:
    case drift::State::kDrifted:
    case drift::State::kStale: return LogLevel::kWarning;
    case drift::State::kWarming:
    case drift::State::kObserving:
    case drift::State::kStable: break;
  }
  return LogLevel::kInfo;
}

bool IsNews(const drift::StateChange& change) {
  if (!change.stratum.empty() || IsQuiet(change.to)) return false;
  return !(IsQuiet(change.from) && change.to == drift::State::kStable);
}

}  // namespace driftserve
