#include "server/tap/label_inbox.h"

#include <utility>

namespace driftserve {

bool LabelProducer::Offer(std::unique_ptr<LabelReport>& report) {
  const size_t labels = report->labels.size();
  if (offered_.Read() - taken_.Read() + labels > limits_.labels) return false;
  if (!ring_.TryPush(std::move(report))) return false;
  offered_.Add(labels);
  return true;
}

std::unique_ptr<LabelReport> LabelProducer::Take() {
  std::unique_ptr<LabelReport> report;
  if (ring_.TryPop(report)) taken_.Add(report->labels.size());
  return report;
}

LabelProducer* LabelInbox::AddProducer() {
  std::lock_guard lock(mutex_);
  producers_.push_back(std::make_unique<LabelProducer>(limits_));
  return producers_.back().get();
}

std::vector<LabelProducer*> LabelInbox::producers() const {
  std::lock_guard lock(mutex_);
  std::vector<LabelProducer*> producers;
  for (const auto& producer : producers_) producers.push_back(producer.get());
  return producers;
}

}  // namespace driftserve
