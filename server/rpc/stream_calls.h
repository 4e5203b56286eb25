#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/async_stream.h>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "server/rpc/inference_service.h"
#include "server/rpc/poller.h"
#include "server/rpc/stream_inference.h"
#include "server/rpc/tag.h"

namespace driftserve {

class StreamCalls;

/// One ModelStreamInfer stream, from posted to ended; deletes itself then.
///
/// Messages are read one after another and accepted like unary requests; answers are written as they are ready, each
/// with the id of its request. Messages and answers are bytes to gRPC: one that is no ModelInferRequest is answered
/// with an error instead of ending the stream. Bounded: with `most_in_flight` messages read and not answered, none is
/// read, and HTTP/2's flow control stops the client; an answer that the client does not read counts as not answered.
///
/// Thread safety: Deliver and cancelled by whoever runs a request; the rest on the poller's thread. Lifetime: until
/// every message read has been answered, whatever becomes of the client.
class StreamCall {
 public:
  explicit StreamCall(StreamCalls* owner);

  /// Writes an answer, now or after those that wait; `response` may change as soon as this returns.
  void Deliver(const inference::ModelStreamInferResponse& response);

  /// Reads no further message, answers those it has read, then ends the stream: UNAVAILABLE.
  void End();

  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  const grpc::ServerContext& context() const { return context_; }

 private:
  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);
  void Read();
  void WriteNext();
  /// Whatever is to be done next, if anything can be done now. May delete this.
  void Continue();
  grpc::Status FinalStatus() const;

  StreamCalls* const owner_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  MemberTag<StreamCall> accepted_, read_, written_, finished_, done_;
  std::atomic<bool> cancelled_{false};

  std::mutex mutex_;  // guards writing_ and ready_
  bool writing_ = false;
  std::deque<grpc::ByteBuffer> ready_;

  // The poller's own.
  grpc::ByteBuffer message_;
  int in_flight_ = 0;  // messages read whose answer is not written
  bool reading_ = false;
  bool half_closed_ = false;
  bool ending_ = false;
  bool finishing_ = false;
  bool finished_seen_ = false;
  bool done_seen_ = false;
};

/// All streams of one poller. On its thread only. Lifetime: until the poller's queue has run dry.
class StreamCalls {
 public:
  StreamCalls(Poller* poller, InferenceService* service, int most_in_flight)
      : poller_(poller), service_(service), most_in_flight_(most_in_flight) {}

  /// Posts one stream; it posts its replacement when it is accepted.
  void Post() { new StreamCall(this); }

  /// Ends every stream, those to come too.
  void End();

  std::unique_ptr<StreamInference> TakeMessages();
  void Keep(std::unique_ptr<StreamInference> messages);

  void Add(StreamCall* stream) { open_.insert(stream); }
  void Remove(StreamCall* stream) { open_.erase(stream); }

  Poller* poller() const { return poller_; }
  InferenceService* service() const { return service_; }
  int most_in_flight() const { return most_in_flight_; }
  bool ending() const { return ending_; }

 private:
  Poller* const poller_;
  InferenceService* const service_;
  const int most_in_flight_;
  std::set<StreamCall*> open_;
  std::vector<std::unique_ptr<StreamInference>> messages_;  // spent, for use again
  bool ending_ = false;
};

}  // namespace driftserve
