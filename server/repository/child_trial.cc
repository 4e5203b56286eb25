#include "server/repository/child_trial.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "server/base/text.h"
#include "server/repository/trial_channel.h"

namespace driftserve {
namespace {

ModuleSignature ToSignature(const trial::Reply& reply) {
  ModuleSignature signature;
  signature.argument_names.assign(reply.argument_names().begin(), reply.argument_names().end());
  signature.argument_types.assign(reply.argument_types().begin(), reply.argument_types().end());
  signature.result_types.assign(reply.result_types().begin(), reply.result_types().end());
  return signature;
}

}  // namespace

ChildTrial::ChildTrial(ChildTrialSettings settings, const Clock* clock)
    : settings_(std::move(settings)),
      clock_(clock),
      shared_memory_(memfd_create("driftserve model", MFD_CLOEXEC)),
      cancelled_(eventfd(0, EFD_CLOEXEC)) {}

ChildTrial::~ChildTrial() {
  child_.reset();
  close(shared_memory_);
  close(cancelled_);
}

void ChildTrial::Prepare() { Started().IgnoreError(); }

void ChildTrial::Rest() { child_.reset(); }

void ChildTrial::Cancel() { eventfd_write(cancelled_, 1); }

absl::Status ChildTrial::Try(const LoadRequest& request, const ModelSettings& settings) {
  trial::Request message;
  message.set_file(request.file);
  message.set_unpack_folder(request.unpack_folder);
  *message.mutable_config() = settings.config;
  const absl::StatusOr<trial::Reply> reply = Ask(std::move(message), *request.bytes);
  return reply.status();
}

absl::StatusOr<ModuleSignature> ChildTrial::Signature(const std::string& file,
                                                      std::shared_ptr<const std::string> bytes) {
  trial::Request message;
  message.set_file(file);
  message.set_signature_only(true);
  const absl::StatusOr<trial::Reply> reply = Ask(std::move(message), *bytes);
  if (!reply.ok()) return reply.status();
  return ToSignature(*reply);
}

absl::StatusOr<trial::Reply> ChildTrial::Ask(trial::Request request, const std::string& bytes) {
  request.set_model_bytes(bytes.size());
  request.set_memory_bytes(settings_.memory_bytes);
  const bool used_before = child_ != nullptr && !fresh_;
  absl::StatusOr<trial::Reply> reply = AskOnce(request, bytes);
  if (used_before && absl::IsAborted(reply.status())) reply = AskOnce(request, bytes);
  // The memory goes back; a failure leaves it for the next trial.
  [[maybe_unused]] const int emptied = ftruncate(shared_memory_, 0);
  if (!reply.ok()) return reply;
  const auto code = static_cast<absl::StatusCode>(reply->code());
  if (code == absl::StatusCode::kOk) return reply;
  if (code != absl::StatusCode::kResourceExhausted) return absl::Status(code, reply->message());
  return absl::ResourceExhaustedError(
      Concat(reply->message(), " (repository.trial_memory_bytes allows ", settings_.memory_bytes, ")"));
}

absl::StatusOr<trial::Reply> ChildTrial::AskOnce(const trial::Request& request, const std::string& bytes) {
  if (absl::Status status = Started(); !status.ok()) return status;
  fresh_ = false;
  if (absl::Status status = Share(request, bytes); !status.ok()) return status;
  // A child that is gone already is found out by the answer that does not come.
  SendMessage(child_->socket(), request);
  return Await(request);
}

absl::Status ChildTrial::Started() {
  if (child_ != nullptr) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<ChildProcess>> child =
      ChildProcess::Spawn(settings_.program, kTrialOption, shared_memory_);
  if (!child.ok()) return child.status();
  child_ = *std::move(child);
  fresh_ = true;
  return absl::OkStatus();
}

absl::Status ChildTrial::Share(const trial::Request& request, const std::string& bytes) {
  if (ftruncate(shared_memory_, 0) == 0 && WriteWhole(shared_memory_, bytes)) return absl::OkStatus();
  return absl::ResourceExhaustedError(Concat(request.file(), ": a trial cannot begin: ", bytes.size(),
                                             " bytes of shared memory: ", std::strerror(errno)));
}

absl::StatusOr<trial::Reply> ChildTrial::Await(const trial::Request& request) {
  std::string stage = "starting";
  const int64_t deadline_ns = clock_->MonotonicNanos() + settings_.timeout_ms * 1'000'000;
  while (true) {
    pollfd events[2] = {{child_->socket(), POLLIN, 0}, {cancelled_, POLLIN, 0}};
    const int64_t left_ms = (deadline_ns - clock_->MonotonicNanos()) / 1'000'000;
    const int wait_ms = static_cast<int>(std::clamp<int64_t>(left_ms, 0, std::numeric_limits<int>::max()));
    const int ready = poll(events, 2, wait_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      child_.reset();
      return absl::DeadlineExceededError(Concat(request.file(), ": the trial took longer than ", settings_.timeout_ms,
                                                " ms (repository.trial_timeout_ms) while ", stage));
    }
    if (events[1].revents != 0) {
      child_.reset();
      return absl::CancelledError(Concat(request.file(), ": the trial was given up: the server is shutting down"));
    }
    trial::Reply reply;
    if (!ReceiveMessage(child_->socket(), reply)) {
      const std::string end = child_->End();
      child_.reset();
      return absl::AbortedError(Concat(request.file(), ": the trial's process ", end, " while ", stage));
    }
    if (reply.stage().empty()) return reply;
    stage = reply.stage();
  }
}

}  // namespace driftserve
