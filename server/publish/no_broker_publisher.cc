#include "server/publish/no_broker_publisher.h"

#include "server/publish/publish_ledger.h"

namespace driftserve {
namespace {

class NoBrokerPublisher final : public Publisher {
 public:
  void Publish(OutgoingRecord record) override {
    ledger_.Open(record.kind);
    ledger_.End({record.kind, record.seq, false, DropReason::kNoBroker});
  }

  void Poll(const std::function<void(const Delivery&)>& on_delivery) override {
    for (const Delivery& delivery : ledger_.TakeEnded()) {
      if (on_delivery) on_delivery(delivery);
    }
  }

  void Flush(int64_t) override {}
  PublishCounts Counts() const override { return ledger_.Counts(RecordKind::kSample); }
  PublishCounts EventCounts() const override { return ledger_.Counts(RecordKind::kEvent); }

 private:
  PublishLedger ledger_;
};

}  // namespace

std::unique_ptr<Publisher> MakeNoBrokerPublisher() { return std::make_unique<NoBrokerPublisher>(); }

}  // namespace driftserve
