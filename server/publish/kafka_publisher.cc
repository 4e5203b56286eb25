#include "server/publish/kafka_publisher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/publish/kafka_client.h"
#include "server/publish/publish_ledger.h"
#include "server/publish/trouble_log.h"

namespace driftserve {
namespace {

// A client that failed is replaced at once the first time, then after ever longer waits while nothing is delivered.
constexpr int64_t kFirstWaitNanos = 1'000'000'000;
constexpr int64_t kLongestWaitNanos = 30'000'000'000;
constexpr uint64_t kEventBit = uint64_t{1} << 63;

uint64_t Tag(RecordKind kind, uint64_t seq) { return kind == RecordKind::kEvent ? seq | kEventBit : seq; }

DropReason ReasonOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return DropReason::kQueueFull;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return DropReason::kTooLarge;
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT: return DropReason::kTimedOut;
    default: return DropReason::kRejected;
  }
}

class KafkaPublisher final : public Publisher {
 public:
  KafkaPublisher(KafkaSettings settings, const Clock* clock, Log log)
      : settings_(std::move(settings)), clock_(clock), trouble_(std::move(log)) {
    events_.on_delivery = [this](uint64_t tag, rd_kafka_resp_err_t error) { OnDelivery(tag, error); };
    events_.on_error = [this](rd_kafka_resp_err_t error, const std::string& reason) { OnError(error, reason); };
  }
  ~KafkaPublisher() override { Flush(0); }

  absl::Status Open() {
    absl::StatusOr<std::unique_ptr<KafkaClient>> client = KafkaClient::Open(settings_, &events_);
    if (!client.ok()) return client.status();
    client_ = *std::move(client);
    return absl::OkStatus();
  }

  void Publish(OutgoingRecord record) override;
  void Poll(const std::function<void(const Delivery&)>& on_delivery) override;
  void Flush(int64_t budget_ms) override;
  PublishCounts Counts() const override { return ledger_.Counts(RecordKind::kSample); }
  PublishCounts EventCounts() const override { return ledger_.Counts(RecordKind::kEvent); }

 private:
  void OnDelivery(uint64_t tag, rd_kafka_resp_err_t error);
  void OnError(rd_kafka_resp_err_t error, const std::string& reason);
  void OnRefusal(rd_kafka_resp_err_t error);
  void ReplaceFailedClient();

  const KafkaSettings settings_;
  const Clock* const clock_;
  KafkaEvents events_;
  PublishLedger ledger_;  // synchronises by itself; the rest belongs to the one thread that publishes
  TroubleLog trouble_;
  std::unique_ptr<KafkaClient> client_;  // null while waiting to replace one, and after Flush
  bool closed_ = false;
  int64_t next_open_ns_ = 0;  // monotonic
  int64_t wait_ns_ = 0;
};

void KafkaPublisher::Publish(OutgoingRecord record) {
  ledger_.Open(record.kind);
  if (closed_ || client_ == nullptr) {
    ledger_.End({record.kind, record.seq, false, closed_ ? DropReason::kShutdown : DropReason::kRejected});
    return;
  }
  const rd_kafka_resp_err_t error = client_->Produce(record, Tag(record.kind, record.seq));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  ledger_.End({record.kind, record.seq, false, ReasonOf(error)});
  OnRefusal(error);
}

void KafkaPublisher::Poll(const std::function<void(const Delivery&)>& on_delivery) {
  if (!closed_) {
    if (client_ != nullptr) client_->Poll();
    ReplaceFailedClient();
  }
  for (const Delivery& delivery : ledger_.TakeEnded()) {
    if (on_delivery) on_delivery(delivery);
  }
}

void KafkaPublisher::Flush(int64_t budget_ms) {
  if (closed_) return;
  closed_ = true;
  if (client_ != nullptr) client_->Close(budget_ms);
  client_.reset();
  ledger_.EndRest(DropReason::kShutdown);
}

void KafkaPublisher::OnDelivery(uint64_t tag, rd_kafka_resp_err_t error) {
  const RecordKind kind = (tag & kEventBit) != 0 ? RecordKind::kEvent : RecordKind::kSample;
  const bool acknowledged = error == RD_KAFKA_RESP_ERR_NO_ERROR;
  const bool purged = error == RD_KAFKA_RESP_ERR__PURGE_QUEUE || error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  const DropReason reason = purged && closed_ ? DropReason::kShutdown : ReasonOf(error);
  ledger_.End({kind, tag & ~kEventBit, acknowledged, reason});
  if (acknowledged) {
    wait_ns_ = 0;
    trouble_.Over(absl::StrCat("kafka: records are delivered to ", settings_.brokers));
  } else if (!purged) {
    OnRefusal(error);
  }
}

void KafkaPublisher::OnRefusal(rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    trouble_.Begin(Trouble::kQueueFull, LogLevel::kWarning,
                   absl::StrCat("kafka: the queue is full (", settings_.queue_messages, " records or ",
                                settings_.queue_bytes, " bytes) and records are dropped, reason queue_full; raise "
                                "kafka.queue_messages and kafka.queue_bytes to bridge longer outages"));
  } else {
    trouble_.Begin(Trouble::kRejecting, LogLevel::kWarning,
                   absl::StrCat("kafka: records are dropped, reason ", Name(ReasonOf(error)), ": ",
                                rd_kafka_err2str(error)));
  }
}

void KafkaPublisher::OnError(rd_kafka_resp_err_t error, const std::string& reason) {
  const bool away = error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || error == RD_KAFKA_RESP_ERR__TRANSPORT ||
                    error == RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (away) {
    trouble_.Begin(Trouble::kAway, LogLevel::kWarning,
                   absl::StrCat("kafka: no answer from ", settings_.brokers, " (", reason,
                                "); records wait in the queue; predictions are not affected"));
  } else if (error != RD_KAFKA_RESP_ERR__FATAL) {  // a fatal one is looked at in ReplaceFailedClient
    trouble_.Begin(Trouble::kRefused, LogLevel::kError,
                   absl::StrCat("kafka: ", settings_.brokers, " cannot be used: ", rd_kafka_err2name(error), ": ",
                                reason, "; see kafka.brokers and kafka.properties"));
  }
}

void KafkaPublisher::ReplaceFailedClient() {
  std::string reason;
  if (client_ != nullptr && client_->Failed(reason)) {
    const uint64_t before = Counts().in_flight;
    client_->Close(0);
    client_.reset();
    trouble_.Begin(Trouble::kFatal, LogLevel::kError,
                   absl::StrCat("kafka: the client failed and is replaced: ", reason, "; ", before,
                                " records that it held are dropped unless acknowledged, reason rejected"));
    ledger_.EndRest(DropReason::kRejected);
    next_open_ns_ = clock_->MonotonicNanos() + wait_ns_;
    wait_ns_ = std::clamp(wait_ns_ * 2, kFirstWaitNanos, kLongestWaitNanos);
  }
  if (client_ != nullptr || clock_->MonotonicNanos() < next_open_ns_) return;
  if (Open().ok()) return;
  next_open_ns_ = clock_->MonotonicNanos() + wait_ns_;
  wait_ns_ = std::clamp(wait_ns_ * 2, kFirstWaitNanos, kLongestWaitNanos);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Publisher>> MakeKafkaPublisher(KafkaSettings settings, const Clock* clock, Log log) {
  auto publisher = std::make_unique<KafkaPublisher>(std::move(settings), clock, std::move(log));
  if (absl::Status status = publisher->Open(); !status.ok()) return status;
  return std::unique_ptr<Publisher>(std::move(publisher));
}

}  // namespace driftserve
