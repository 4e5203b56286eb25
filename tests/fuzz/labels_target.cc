#include <memory>
#include <utility>

#include "tests/fuzz/request_targets.h"
#include "tests/fuzz/require.h"

namespace driftserve {

const std::vector<std::string>& LabelsTarget::Texts() {
  static const auto* const texts = new std::vector<std::string>{"", "m", "a", std::string(2000, 'x'), "\xff"};
  return *texts;
}

LabelsTarget::LabelsTarget() {
  auto model = std::make_shared<Model>();
  model->settings.name = "m";
  model->version_text = "1";
  model->reference = std::make_shared<drift::Reference>();
  model->monitor.labels = drift::LabelSettings{.name = "late", .prediction = "p"};
  WatchedModelSettings settings;
  settings.name = "m";
  model->watched = std::make_shared<WatchedModel>(
      std::move(settings), std::make_unique<SamplingRule>(std::vector<StratumRate>{}, 1.0, 1, 1), 1);
  auto models = std::make_shared<ModelSet>();
  models->models["m"][1] = std::move(model);
  registry_.Publish(std::move(models));
  state_.SetReady(true);
  settings_ = {0, &Clock::System(), &registry_, &state_, &unknown_, &inbox_, inbox_.AddProducer()};
}

Outcome LabelsTarget::Try(std::string_view bytes) {
  if (!request_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Outcome::kUnreadable;
  v1::ReportLabelsResponse response;
  AccessEntry answered;
  const grpc::Status status = ReportLabels(settings_, request_, response, answered);
  RequireReason(absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()));
  const std::unique_ptr<LabelReport> report = settings_.producer->Take();
  const size_t taken = report == nullptr ? 0 : report->labels.size();
  Require(response.accepted() == taken, "what is accepted to be handed over");
  if (!status.ok()) return Outcome::kRefused;
  const uint64_t refused = response.wrong_type() + response.from_future();
  Require(taken + refused == static_cast<uint64_t>(request_.labels_size()), "every label taken or counted");
  Require(response.first_refused().empty() == (refused == 0), "a refused label's name");
  return Outcome::kServed;
}

}  // namespace driftserve
