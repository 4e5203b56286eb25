#include "server/rpc/stream_calls.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <utility>

namespace driftserve {
namespace {

using RequestBytes = grpc::SerializationTraits<inference::ModelInferRequest>;
using ResponseBytes = grpc::SerializationTraits<inference::ModelStreamInferResponse>;

}  // namespace

StreamCall::StreamCall(StreamCalls* owner)
    : owner_(owner),
      stream_(&context_),
      accepted_(this, &StreamCall::OnAccepted),
      read_(this, &StreamCall::OnRead),
      written_(this, &StreamCall::OnWritten),
      finished_(this, &StreamCall::OnFinished),
      done_(this, &StreamCall::OnDone) {
  owner_->poller()->OpenCall();
  context_.AsyncNotifyWhenDone(&done_);
  grpc::ServerCompletionQueue* const queue = owner_->poller()->queue();
  owner_->service()->RequestModelStreamInfer(&context_, &stream_, queue, queue, &accepted_);
}

void StreamCall::Deliver(const inference::ModelStreamInferResponse& response) {
  grpc::ByteBuffer bytes;
  bool own = false;
  ResponseBytes::Serialize(response, &bytes, &own);
  std::lock_guard lock(mutex_);
  if (writing_) {
    ready_.push_back(std::move(bytes));
  } else {
    writing_ = true;
    stream_.Write(bytes, &written_);
  }
}

void StreamCall::End() {
  ending_ = true;
  Continue();
}

void StreamCall::OnAccepted(bool ok) {
  if (!ok) {  // the server is shutting down; gRPC sends no further event of this stream
    Poller* const poller = owner_->poller();
    delete this;
    return poller->CloseCall();
  }
  owner_->Post();
  owner_->Add(this);
  ending_ = owner_->ending();
  Read();
  Continue();
}

void StreamCall::OnRead(bool ok) {
  reading_ = false;
  if (!ok) {
    half_closed_ = true;
    return Continue();
  }
  ++in_flight_;
  std::unique_ptr<StreamInference> messages = owner_->TakeMessages();
  messages->stream = this;
  const bool readable = RequestBytes::Deserialize(&message_, &messages->request).ok();
  message_.Clear();
  if (readable) {
    owner_->poller()->Accept(std::move(messages));
  } else {
    messages->request.Clear();  // what was read before the fault is no request
    owner_->poller()->RefuseUnreadable(std::move(messages));
  }
  Read();
}

void StreamCall::OnWritten(bool ok) {
  --in_flight_;
  if (!ok) cancelled_.store(true, std::memory_order_relaxed);
  WriteNext();
  Read();
  Continue();
}

void StreamCall::OnFinished(bool) {
  finished_seen_ = true;
  Continue();
}

void StreamCall::OnDone(bool) {
  done_seen_ = true;
  if (context_.IsCancelled()) cancelled_.store(true, std::memory_order_relaxed);
  Continue();
}

void StreamCall::Read() {
  if (reading_ || half_closed_ || ending_ || done_seen_ || in_flight_ >= owner_->most_in_flight()) return;
  reading_ = true;
  stream_.Read(&message_, &read_);
}

void StreamCall::WriteNext() {
  std::lock_guard lock(mutex_);
  if (ready_.empty()) {
    writing_ = false;
    return;
  }
  stream_.Write(ready_.front(), &written_);  // an answer is written even after a cancellation: its event is awaited
  ready_.pop_front();
}

void StreamCall::Continue() {
  if (in_flight_ > 0) return;
  if (!finishing_) {
    if (!half_closed_ && !ending_ && !done_seen_) return;
    finishing_ = true;
    stream_.Finish(FinalStatus(), &finished_);
    return;
  }
  if (!finished_seen_ || !done_seen_ || reading_) return;
  owner_->Remove(this);
  Poller* const poller = owner_->poller();
  delete this;
  poller->CloseCall();
}

grpc::Status StreamCall::FinalStatus() const {
  if (cancelled()) return grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone away");
  if (half_closed_) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server is shutting down");
}

void StreamCalls::End() {
  ending_ = true;
  const std::set<StreamCall*> streams = open_;  // a stream may end, and leave the set, at once
  for (StreamCall* const stream : streams) stream->End();
}

std::unique_ptr<StreamInference> StreamCalls::TakeMessages() {
  if (messages_.empty()) return std::make_unique<StreamInference>();
  std::unique_ptr<StreamInference> messages = std::move(messages_.back());
  messages_.pop_back();
  return messages;
}

void StreamCalls::Keep(std::unique_ptr<StreamInference> messages) {
  if (!messages->worth_keeping()) return;
  messages->Reset();
  messages_.push_back(std::move(messages));
}

}  // namespace driftserve
