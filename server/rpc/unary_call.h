#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/rpc/metadata.h"
#include "server/rpc/poller.h"
#include "server/rpc/rpc_status.h"

namespace driftserve {

template <typename Kind>
class UnaryCall;

/// The messages of one unary call of kind `Kind`, which names the request and response types and how they are read
/// and filled (unary_calls.cc). Separate from the call, so that they can outlive it.
template <typename Kind>
class UnaryInference final : public RpcInference {
 public:
  UnaryInference() { method = Kind::kMethod; }

  const std::string& model_name() const override { return request.model_name(); }
  const std::string& model_version() const override { return request.model_version(); }
  const std::string& client_request_id() const override { return Kind::RequestId(request); }
  absl::Status Decode(const DecodeLimits& limits) override { return Kind::Decode(*this, limits); }
  absl::Status Encode(const TensorList& model_outputs, int64_t first_row) override {
    return Kind::Encode(*this, model_outputs, first_row);
  }
  std::string ParameterNamed(const std::string& name) const override { return Kind::Parameter(request, name); }
  std::string MetadataNamed(const std::string& name) const override { return MetadataEntry(call->context(), name); }
  std::string Traceparent() const override { return MetadataEntry(call->context(), "traceparent"); }
  std::string Peer() const override { return call->context().peer(); }
  int64_t CallerDeadlineNanos() const override { return MonotonicDeadline(call->context()); }
  bool Cancelled() const override { return call->cancelled(); }
  bool worth_keeping() const override {
    return decoded.byte_size <= kKeepBytes && kept_outputs.capacity() <= kKeepBytes;
  }

  void Send(const absl::Status& status) override {
    if (!status.ok()) NoteRefused(request.ByteSizeLong());
    call->Finish(response, status);
  }

  typename Kind::Request request;
  typename Kind::Response response;
  std::string kept_outputs;  // output bytes where the response holds them in another form
  UnaryCall<Kind>* call = nullptr;
};

/// All calls of one kind on one poller: posts them, keeps spent calls and messages for use again. On the poller's
/// thread only. Lifetime: until the poller's queue has run dry.
template <typename Kind>
class UnaryCalls {
 public:
  using Messages = UnaryInference<Kind>;

  UnaryCalls(Poller* poller, typename Kind::Service* service) : poller_(poller), service_(service) {}

  void Post() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<UnaryCall<Kind>>(this));
      free_.push_back(all_.back().get());
    }
    UnaryCall<Kind>* const call = free_.back();
    free_.pop_back();
    call->Post(TakeMessages());
  }

  void Free(UnaryCall<Kind>* call) { free_.push_back(call); }

  void Keep(std::unique_ptr<Messages> messages) {
    if (!messages->worth_keeping()) return;
    messages->Reset();
    messages_.push_back(std::move(messages));
  }

  Poller* poller() const { return poller_; }
  typename Kind::Service* service() const { return service_; }

 private:
  std::unique_ptr<Messages> TakeMessages() {
    if (messages_.empty()) return std::make_unique<Messages>();
    std::unique_ptr<Messages> messages = std::move(messages_.back());
    messages_.pop_back();
    return messages;
  }

  Poller* const poller_;
  typename Kind::Service* const service_;
  std::vector<std::unique_ptr<UnaryCall<Kind>>> all_;
  std::vector<UnaryCall<Kind>*> free_;
  std::vector<std::unique_ptr<Messages>> messages_;
};

/// One unary call, from posted to done, used again and again. A call is free for its next use only after both of its
/// last events: the reply is out, and gRPC has said that the call is done.
///
/// Thread safety: Finish and cancelled by whoever runs the request; the rest on the poller's thread.
template <typename Kind>
class UnaryCall {
 public:
  explicit UnaryCall(UnaryCalls<Kind>* owner)
      : owner_(owner),
        accepted_(this, &UnaryCall::OnAccepted),
        finished_(this, &UnaryCall::OnFinished),
        done_(this, &UnaryCall::OnDone) {}

  void Post(std::unique_ptr<UnaryInference<Kind>> messages) {
    messages_ = std::move(messages);
    context_.emplace();
    responder_.emplace(&*context_);
    cancelled_.store(false, std::memory_order_relaxed);
    open_events_ = 2;
    owner_->poller()->OpenCall();
    context_->AsyncNotifyWhenDone(&done_);
    grpc::ServerCompletionQueue* const queue = owner_->poller()->queue();
    Kind::RequestCall(owner_->service(), &*context_, &messages_->request, &*responder_, queue, &accepted_);
  }

  /// Serialises at once: `response` may change as soon as this returns.
  void Finish(const typename Kind::Response& response, const absl::Status& status) {
    if (status.ok()) {
      responder_->Finish(response, grpc::Status::OK, &finished_);
    } else {
      responder_->FinishWithError(ToGrpcStatus(status), &finished_);
    }
  }

  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  const grpc::ServerContext& context() const { return *context_; }

 private:
  void OnAccepted(bool ok) {
    if (!ok) return owner_->poller()->CloseCall();  // the server is shutting down; gRPC sends no further event of it
    owner_->Post();
    messages_->call = this;
    owner_->poller()->Accept(std::move(messages_));
  }

  void OnFinished(bool) { CloseEvent(); }

  void OnDone(bool) {
    if (context_->IsCancelled()) cancelled_.store(true, std::memory_order_relaxed);
    CloseEvent();
  }

  void CloseEvent() {
    if (--open_events_ > 0) return;
    responder_.reset();
    context_.reset();
    owner_->Free(this);
    owner_->poller()->CloseCall();
  }

  UnaryCalls<Kind>* const owner_;
  MemberTag<UnaryCall> accepted_;
  MemberTag<UnaryCall> finished_;
  MemberTag<UnaryCall> done_;
  std::unique_ptr<UnaryInference<Kind>> messages_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<typename Kind::Response>> responder_;
  std::atomic<bool> cancelled_{false};
  int open_events_ = 0;
};

}  // namespace driftserve
