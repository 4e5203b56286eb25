#include "server/rpc/label_calls.h"

#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "server/base/text.h"
#include "server/repository/registry.h"
#include "server/rpc/metadata.h"
#include "server/rpc/rpc_status.h"
#include "server/rpc/tag.h"

namespace driftserve {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kClockSkewNs = 60 * kSecond;  // a client's clock may be ahead by this much
constexpr int64_t kMostSeconds = 9'000'000'000;  // what nanoseconds in 64 bits can hold, less a margin

enum class LabelForm { kNumber, kText, kAny };

/// What labels of the model are: as the reference has them, else as monitor.yaml says.
LabelForm FormOf(const Model& model) {
  for (const drift::FeatureReference& feature : model.reference->features) {
    if (feature.role != drift::Role::kLabel || feature.name != model.monitor.labels->name) continue;
    return feature.dtype == drift::Dtype::kText ? LabelForm::kText : LabelForm::kNumber;
  }
  return model.monitor.labels->kind == drift::Kind::kNumeric ? LabelForm::kNumber : LabelForm::kAny;
}

/// What makes the request one that no server could take; empty: nothing.
std::string Malformed(const v1::Label& label) {
  if (label.request_id().empty()) return "request_id: expected the id of a prediction, got none";
  if (label.request_id().size() > kMostIdBytes) {
    return Concat("request_id: expected at most ", kMostIdBytes, " bytes, got ", label.request_id().size());
  }
  switch (label.label_case()) {
    case v1::Label::kNumber:
      if (!std::isfinite(label.number())) return "number: expected a finite number, got NaN or an infinity";
      break;
    case v1::Label::kText:
      if (label.text().size() > kMostLabelBytes) {
        return Concat("text: expected at most ", kMostLabelBytes, " bytes, got ", label.text().size());
      }
      break;
    case v1::Label::LABEL_NOT_SET:
      return "label: expected number or text, got neither";
  }
  const auto& time = label.observed_at();
  if (time.seconds() < -kMostSeconds || time.seconds() > kMostSeconds || time.nanos() < 0 || time.nanos() >= kSecond) {
    return Concat("observed_at: expected a time of the years 1685 to 2255, got ", time.seconds(), " s and ",
                  time.nanos(), " ns");
  }
  return "";
}

absl::Status CheckRequest(const v1::ReportLabelsRequest& request) {
  const int count = request.labels_size();
  if (count == 0 || count > kMostLabels) {
    return absl::InvalidArgumentError(Concat("labels: expected 1 to ", kMostLabels, ", got ", count));
  }
  for (int i = 0; i < count; ++i) {
    const std::string fault = Malformed(request.labels(i));
    if (!fault.empty()) return absl::InvalidArgumentError(Concat("labels[", i, "].", fault));
  }
  return absl::OkStatus();
}

ReportedLabel ToReported(const v1::Label& label) {
  ReportedLabel reported;
  reported.request_id = label.request_id();
  reported.row = label.row();
  if (label.label_case() == v1::Label::kText) {
    reported.value = label.text();
  } else {
    reported.value = label.number();
  }
  if (label.has_observed_at()) {
    reported.observed_ns = label.observed_at().seconds() * kSecond + label.observed_at().nanos();
  }
  return reported;
}

/// Sorts the labels into those that are taken and those that are refused one by one.
class Sorter {
 public:
  Sorter(LabelForm form, int64_t now_ns, v1::ReportLabelsResponse& response)
      : form_(form), now_ns_(now_ns), response_(response) {}

  bool Takes(int index, const ReportedLabel& label) {
    const bool text = std::holds_alternative<std::string>(label.value);
    if (form_ != LabelForm::kAny && text != (form_ == LabelForm::kText)) {
      response_.set_wrong_type(response_.wrong_type() + 1);
      Note(index, text ? "expected a number, got a text" : "expected a text, got a number");
      return false;
    }
    if (label.observed_ns > now_ns_ + kClockSkewNs) {
      response_.set_from_future(response_.from_future() + 1);
      const int64_t ahead_s = (label.observed_ns - now_ns_) / kSecond;
      Note(index, Concat("observed_at is ", ahead_s, " s ahead of this server's clock"));
      return false;
    }
    return true;
  }

 private:
  void Note(int index, const std::string& why) {
    if (response_.first_refused().empty()) response_.set_first_refused(Concat("labels[", index, "]: ", why));
  }

  const LabelForm form_;
  const int64_t now_ns_;
  v1::ReportLabelsResponse& response_;
};

/// Labels of a request, by their places, for the version that answered what they are of.
struct LabelledVersion {
  std::shared_ptr<Model> model;
  std::vector<int> labels;
};

/// More than one only while `newest`, the model's newest version, is a canary.
std::vector<LabelledVersion> ByVersion(const ModelSet& models, const std::shared_ptr<Model>& newest,
                                       const v1::ReportLabelsRequest& request) {
  const bool canary = newest->settings.canary_share < 1;
  std::vector<LabelledVersion> versions;
  for (int i = 0; i < request.labels_size(); ++i) {
    std::shared_ptr<Model> model =
        canary ? *models.Choose(request.model_name(), request.labels(i).request_id()) : newest;
    auto version = std::find_if(versions.begin(), versions.end(),
                                [&](const LabelledVersion& known) { return known.model == model; });
    if (version == versions.end()) version = versions.insert(versions.end(), {std::move(model), {}});
    version->labels.push_back(i);
  }
  return versions;
}

/// For a served model that declares labels.
absl::Status Hand(const LabelCallSettings& settings, const LabelledVersion& version,
                  const v1::ReportLabelsRequest& request, v1::ReportLabelsResponse& response) {
  const Model& model = *version.model;
  const uint64_t from_future = response.from_future(), wrong_type = response.wrong_type();
  auto report = std::make_unique<LabelReport>();
  report->model = model.watched;
  report->received_ns = settings.clock->UnixNanos();
  Sorter sorter(FormOf(model), report->received_ns, response);
  for (const int i : version.labels) {
    ReportedLabel label = ToReported(request.labels(i));
    if (sorter.Takes(i, label)) report->labels.push_back(std::move(label));
  }
  LabelCounts& counts = model.watched->labels();
  counts.Add(LabelOutcome::kFromFuture, response.from_future() - from_future);
  counts.Add(LabelOutcome::kWrongType, response.wrong_type() - wrong_type);
  const size_t taken = report->labels.size();
  if (taken > 0 && !settings.producer->Offer(report)) {
    counts.Add(LabelOutcome::kDropped, taken);
    return absl::ResourceExhaustedError(
        "too many labels wait to be joined (labels.ring_labels, labels.ring_reports): report them again in a second");
  }
  response.set_accepted(response.accepted() + taken);
  return absl::OkStatus();
}

absl::Status Report(const LabelCallSettings& settings, const v1::ReportLabelsRequest& request,
                    v1::ReportLabelsResponse& response, std::shared_ptr<Model>& model) {
  if (settings.inbox == nullptr) return absl::UnimplementedError("this server takes no labels");
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  const std::shared_ptr<const ModelSet> models = settings.registry->Current();
  auto found = models->Find(request.model_name(), "");
  if (!found.ok()) {
    if (!settings.state->ready()) {
      return absl::UnavailableError("the server is still loading its models; try again later");
    }
    settings.inbox->unknown_model.Add(static_cast<uint64_t>(request.labels_size()));
    return found.status();
  }
  model = *std::move(found);
  for (const LabelledVersion& version : ByVersion(*models, model, request)) {
    if (version.model->watched == nullptr || !version.model->monitor.labels) {
      settings.inbox->undeclared.Add(version.labels.size());
      return absl::FailedPreconditionError(
          Concat("model '", model->settings.name,
                 "' takes no labels: declare them in its monitor.yaml, `labels: {name: …, prediction: …}`"));
    }
    if (absl::Status status = Hand(settings, version, request, response); !status.ok()) return status;
  }
  return absl::OkStatus();
}

/// One call, from posted to done; deletes itself.
class ReportCall {
 public:
  ReportCall(PredictionService* service, const LabelCallSettings* settings, Poller* poller)
      : service_(service),
        settings_(settings),
        poller_(poller),
        responder_(&context_),
        accepted_(this, &ReportCall::OnAccepted),
        finished_(this, &ReportCall::OnFinished) {
    grpc::ServerCompletionQueue* const queue = poller_->queue();
    poller_->OpenCall();
    service_->RequestReportLabels(&context_, &request_, &responder_, queue, queue, &accepted_);
  }

 private:
  void OnAccepted(bool ok) {
    if (!ok) {
      Poller* const poller = poller_;
      delete this;
      return poller->CloseCall();
    }
    new ReportCall(service_, settings_, poller_);
    const int64_t accepted_ns = settings_->clock->MonotonicNanos();
    v1::ReportLabelsResponse response;
    AccessEntry answered;
    const grpc::Status status = ReportLabels(*settings_, request_, response, answered);
    if (settings_->access != nullptr) LogAnswered(accepted_ns, std::move(answered));
    if (status.ok()) {
      responder_.Finish(response, status, &finished_);
    } else {
      responder_.FinishWithError(status, &finished_);
    }
  }

  /// Nothing waits here or runs. The share of calls that is logged is chosen by the moments at which they came.
  void LogAnswered(int64_t accepted_ns, AccessEntry entry) {
    const int64_t total_ns = settings_->clock->MonotonicNanos() - accepted_ns;
    if (!settings_->access->Wants(static_cast<uint64_t>(accepted_ns), total_ns)) return;
    entry.time_ns = settings_->clock->UnixNanos();
    entry.peer = context_.peer();
    entry.traceparent = MetadataEntry(context_, "traceparent");
    entry.total_us = total_ns / 1000;
    entry.slow = settings_->access->IsSlow(total_ns);
    settings_->access->Offer(std::move(entry));
  }

  void OnFinished(bool) {
    Poller* const poller = poller_;
    delete this;
    poller->CloseCall();
  }

  PredictionService* const service_;
  const LabelCallSettings* const settings_;
  Poller* const poller_;
  grpc::ServerContext context_;
  v1::ReportLabelsRequest request_;
  grpc::ServerAsyncResponseWriter<v1::ReportLabelsResponse> responder_;
  MemberTag<ReportCall> accepted_;
  MemberTag<ReportCall> finished_;
};

}  // namespace

grpc::Status ReportLabels(const LabelCallSettings& settings, const v1::ReportLabelsRequest& request,
                          v1::ReportLabelsResponse& response, AccessEntry& answered) {
  std::shared_ptr<Model> model;
  const absl::Status status = Report(settings, request, response, model);
  ServingCounters& counters = model != nullptr ? model->counters : *settings.unknown;
  counters.slot(settings.poller)
      .requests[static_cast<size_t>(Method::kReportLabels)][static_cast<size_t>(status.code())]
      .Add();
  answered.method = kMethodNames[static_cast<size_t>(Method::kReportLabels)];
  answered.code = status.code();
  answered.model_name = request.model_name();
  if (model != nullptr) answered.model_version = model->version_text;
  answered.rows = request.labels_size();
  return status.ok() ? grpc::Status::OK : ToGrpcStatus(status);
}

void PostLabelCall(PredictionService* service, const LabelCallSettings* settings, Poller* poller) {
  new ReportCall(service, settings, poller);
}

}  // namespace driftserve
