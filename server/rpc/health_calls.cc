#include "server/rpc/health_calls.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <mutex>
#include <optional>
#include <string>

#include "server/rpc/rpc_status.h"
#include "server/rpc/tag.h"

namespace driftserve {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ServingStatus = HealthCheckResponse::ServingStatus;

class CheckCall {
 public:
  CheckCall(HealthService* service, HealthBoard* board, Poller* poller)
      : service_(service),
        board_(board),
        poller_(poller),
        responder_(&context_),
        accepted_(this, &CheckCall::OnAccepted),
        finished_(this, &CheckCall::OnFinished) {
    poller_->OpenCall();
    service_->RequestCheck(&context_, &request_, &responder_, poller_->queue(), poller_->queue(), &accepted_);
  }

 private:
  void OnAccepted(bool ok) {
    if (!ok) {
      Poller* const poller = poller_;
      delete this;
      return poller->CloseCall();
    }
    new CheckCall(service_, board_, poller_);
    const std::optional<bool> serving = board_->Serving(request_.service());
    if (!serving.has_value()) {
      const std::string text = "unknown service '" + request_.service() + "': expected \"\" or the name of a model";
      responder_.FinishWithError(ToGrpcStatus(absl::NotFoundError(text)), &finished_);
      return;
    }
    HealthCheckResponse response;
    response.set_status(*serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
    responder_.Finish(response, grpc::Status::OK, &finished_);
  }

  void OnFinished(bool) {
    Poller* const poller = poller_;
    delete this;
    poller->CloseCall();
  }

  HealthService* const service_;
  HealthBoard* const board_;
  Poller* const poller_;
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncResponseWriter<HealthCheckResponse> responder_;
  MemberTag<CheckCall> accepted_;
  MemberTag<CheckCall> finished_;
};

/// One Watch stream. Everything happens on the poller of its queue, except OnHealthChanged, which only sets an alarm
/// on that queue. Deletes itself when the stream has ended and nothing of it is on the queue any more.
class WatchCall final : public HealthListener {
 public:
  WatchCall(HealthService* service, HealthBoard* board, Poller* poller)
      : service_(service),
        board_(board),
        poller_(poller),
        writer_(&context_),
        accepted_(this, &WatchCall::OnAccepted),
        changed_(this, &WatchCall::OnChanged),
        written_(this, &WatchCall::OnWritten),
        finished_(this, &WatchCall::OnFinished),
        done_(this, &WatchCall::OnDone) {
    poller_->OpenCall();
    context_.AsyncNotifyWhenDone(&done_);
    service_->RequestWatch(&context_, &request_, &writer_, poller_->queue(), poller_->queue(), &accepted_);
  }

  void OnHealthChanged() override {
    std::lock_guard lock(mutex_);
    if (alarm_set_) return;
    alarm_set_ = true;
    alarm_.Set(poller_->queue(), gpr_time_0(GPR_CLOCK_MONOTONIC), &changed_);
  }

 private:
  void OnAccepted(bool ok) {
    if (!ok) {
      Poller* const poller = poller_;
      delete this;
      return poller->CloseCall();
    }
    new WatchCall(service_, board_, poller_);
    board_->Add(this);
    Continue();
  }

  void OnChanged(bool) {
    {
      std::lock_guard lock(mutex_);
      alarm_set_ = false;
    }
    Continue();
  }

  void OnWritten(bool ok) {
    writing_ = false;
    if (!ok) broken_ = true;
    Continue();
  }

  void OnFinished(bool) {
    finished_seen_ = true;
    Continue();
  }

  void OnDone(bool) {
    done_seen_ = true;
    Continue();
  }

  /// Whatever is to be done next, if anything can be done now.
  void Continue() {
    if (done_seen_ && finished_seen_) return End();
    if (finishing_ || writing_) return;
    if (done_seen_ || broken_) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the watcher has gone away"));
    const std::optional<bool> serving = board_->Serving(request_.service());
    const ServingStatus status = !serving.has_value() ? HealthCheckResponse::SERVICE_UNKNOWN
                                 : *serving           ? HealthCheckResponse::SERVING
                                                      : HealthCheckResponse::NOT_SERVING;
    if (status != last_sent_) return Write(status);
    if (board_->closed()) Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is shutting down"));
  }

  void Write(ServingStatus status) {
    last_sent_ = status;
    writing_ = true;
    HealthCheckResponse response;
    response.set_status(status);
    writer_.Write(response, &written_);
  }

  void Finish(const grpc::Status& status) {
    finishing_ = true;
    board_->Remove(this);
    writer_.Finish(status, &finished_);
  }

  void End() {
    {
      std::lock_guard lock(mutex_);
      if (alarm_set_) return;  // its event comes first; Finish has made sure that no other follows
    }
    Poller* const poller = poller_;
    delete this;
    poller->CloseCall();
  }

  HealthService* const service_;
  HealthBoard* const board_;
  Poller* const poller_;
  grpc::ServerContext context_;
  HealthCheckRequest request_;
  grpc::ServerAsyncWriter<HealthCheckResponse> writer_;
  MemberTag<WatchCall> accepted_, changed_, written_, finished_, done_;

  std::mutex mutex_;  // guards alarm_ and alarm_set_
  grpc::Alarm alarm_;
  bool alarm_set_ = false;

  // The poller's own.
  std::optional<ServingStatus> last_sent_;
  bool writing_ = false;
  bool broken_ = false;
  bool finishing_ = false;
  bool finished_seen_ = false;
  bool done_seen_ = false;
};

}  // namespace

void PostHealthCalls(HealthService* service, HealthBoard* board, Poller* poller) {
  new CheckCall(service, board, poller);
  new WatchCall(service, board, poller);
}

}  // namespace driftserve
