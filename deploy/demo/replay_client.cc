#include "deploy/demo/replay_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "deploy/demo/label_queue.h"
#include "deploy/demo/progress.h"
#include "driftserve/v1/predict.grpc.pb.h"

namespace driftserve {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kLongestWaitNs = 100'000'000;
constexpr char kOutput[] = "p_late";
constexpr int kOpenReports = 8;

/// An open request: a flight's, or of labels, which has no flight. Made by Send or Report, deleted when its tag comes
/// back.
struct Call {
  grpc::ClientContext context;
  v1::PredictResponse response;
  v1::ReportLabelsResponse reported;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::PredictResponse>> reader;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::ReportLabelsResponse>> label_reader;
  const FlightRow* row = nullptr;
  int64_t sent_ns = 0;
};

void SetNumber(double value, v1::Column* column) {
  column->mutable_doubles()->add_values(std::isnan(value) ? 0 : value);
  if (std::isnan(value)) column->add_nulls(0);
}

/// One replay; see Replay().
class Client {
 public:
  Client(const FlightRows& flights, const ReplaySettings& settings, const Clock& clock, ReplayResults& results)
      : flights_(flights), settings_(settings), clock_(clock), results_(results),
        channel_(grpc::CreateChannel(settings.server, grpc::InsecureChannelCredentials())),
        stub_(v1::Prediction::NewStub(channel_)), progress_(flights.rows.size(), clock.MonotonicNanos()) {}

  // Calls still open after giving up come back failed, because their deadlines pass.
  ~Client() {
    while (open_ > 0) Receive(kLongestWaitNs);
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  absl::Status Run() {
    if (!channel_->WaitForConnected(After(settings_.connect_ns))) {
      return absl::UnavailableError(absl::StrCat("no connection to ", settings_.server, " within ",
                                                 settings_.connect_ns / 1'000'000'000, " s"));
    }
    start_ns_ = clock_.MonotonicNanos();
    month_ = flights_.rows.front().month;
    while (next_ < flights_.rows.size() || open_ > 0 || !labels_.empty()) {
      ReportWhatHasLanded();
      SendWhatIsDue();
      Receive(UntilNextDue());
      if (failures_in_a_row_ >= settings_.give_up_after) {
        return absl::UnavailableError(
            absl::StrCat(failures_in_a_row_, " requests to ", settings_.server, " failed one after the other; the last: ", last_error_));
      }
    }
    EndMonth(0);
    return absl::OkStatus();
  }

 private:
  std::chrono::system_clock::time_point After(int64_t ns) const {
    return std::chrono::system_clock::time_point(std::chrono::nanoseconds(clock_.UnixNanos() + ns));
  }

  int64_t Due(int64_t seconds) const {
    return start_ns_ + seconds / kSecondsPerDay * settings_.day_ns +
           seconds % kSecondsPerDay * settings_.day_ns / kSecondsPerDay;
  }

  bool MaySend() const { return next_ < flights_.rows.size() && open_ - open_reports_ < settings_.in_flight; }

  void SendWhatIsDue() {
    const int64_t now = clock_.MonotonicNanos();
    while (MaySend() && Due(flights_.rows[next_].seconds) <= now) {
      const FlightRow& row = flights_.rows[next_++];
      if (row.month != month_) EndMonth(row.month);
      results_.Lagged(now - Due(row.seconds));
      Send(row);
    }
  }

  int64_t UntilNextDue() const {
    const int64_t now = clock_.MonotonicNanos();
    int64_t due = now + kLongestWaitNs;
    if (MaySend()) due = std::min(due, Due(flights_.rows[next_].seconds));
    if (MayReport()) due = std::min(due, *labels_.next_due_ns());
    return std::max<int64_t>(0, due - now);
  }

  // Apart from in_flight, which a server that is too slow fills with flights: its labels would all wait for the end.
  bool MayReport() const { return !labels_.empty() && open_reports_ < kOpenReports; }

  void ReportWhatHasLanded() {
    v1::ReportLabelsRequest request;
    request.set_model_name(settings_.model);
    if (!MayReport() || !labels_.TakeDue(clock_.MonotonicNanos(), request)) return;
    auto* call = new Call;
    call->context.set_deadline(After(settings_.timeout_ns));
    call->label_reader = stub_->AsyncReportLabels(&call->context, request, &queue_);
    call->label_reader->Finish(&call->reported, &call->status, call);
    ++open_;
    ++open_reports_;
    results_.Reported(request.labels_size());
  }

  void Send(const FlightRow& row) {
    v1::PredictRequest request;
    request.set_model_name(settings_.model);
    auto& columns = *request.mutable_columns();
    for (size_t i = 0; i < FlightRow::kNumbers; ++i) SetNumber(row.numbers[i], &columns[flights_.names[i]]);
    columns["carrier"].mutable_strings()->add_values(row.carrier);
    columns["origin"].mutable_strings()->add_values(row.origin);
    auto* call = new Call;
    call->row = &row;
    call->context.set_deadline(After(settings_.timeout_ns));
    call->sent_ns = clock_.MonotonicNanos();
    call->reader = stub_->AsyncPredict(&call->context, request, &queue_);
    call->reader->Finish(&call->response, &call->status, call);
    ++open_;
  }

  // Waits at most `wait_ns` for the first answer, and takes all that are there.
  void Receive(int64_t wait_ns) {
    void* tag;
    bool ok;
    auto until = After(wait_ns);
    while (queue_.AsyncNext(&tag, &ok, until) == grpc::CompletionQueue::GOT_EVENT) {
      Finish(std::unique_ptr<Call>(static_cast<Call*>(tag)));
      until = After(0);
    }
  }

  void Finish(std::unique_ptr<Call> call) {
    --open_;
    if (call->row == nullptr) return FinishReport(*call);
    const int64_t now = clock_.MonotonicNanos();
    const auto output = call->response.outputs().find(kOutput);
    if (!call->status.ok()) {
      Fail(*call->row, absl::StrCat("code ", call->status.error_code(), ": ", call->status.error_message()));
    } else if (output == call->response.outputs().end() || output->second.doubles().values_size() != 1) {
      Fail(*call->row, absl::StrCat("expected one double `", kOutput, "`, got ", call->response.ShortDebugString()));
    } else {
      failures_in_a_row_ = 0;
      results_.Answered(*call->row, output->second.doubles().values(0), now - call->sent_ns);
      if (!std::isnan(call->row->arrived)) {
        labels_.Add(Due(std::llround(call->row->arrived)), call->response.request_id(), call->row->label);
      }
    }
    progress_.Update(call->row->month, results_.answered() + results_.failed(), results_.failed(), now);
  }

  void FinishReport(const Call& call) {
    --open_reports_;
    if (call.status.ok()) return results_.Accepted(static_cast<int64_t>(call.reported.accepted()));
    results_.ReportFailed(absl::StrCat("labels: code ", call.status.error_code(), ": ", call.status.error_message()));
  }

  void Fail(const FlightRow& row, const std::string& error) {
    ++failures_in_a_row_;
    last_error_ = error;
    results_.Failed(row, error);
  }

  // Notes the end of the month of which the last flight was sent, and that `next_month` begins.
  void EndMonth(int next_month) {
    results_.MonthEnded(month_, clock_.UnixNanos());
    progress_.MonthEnded(month_, results_.answered() + results_.failed(), results_.failed(), clock_.MonotonicNanos());
    month_ = next_month;
  }

  const FlightRows& flights_;
  const ReplaySettings& settings_;
  const Clock& clock_;
  ReplayResults& results_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Prediction::Stub> stub_;
  grpc::CompletionQueue queue_;
  Progress progress_;
  LabelQueue labels_;
  int64_t start_ns_ = 0;
  size_t next_ = 0;  // flight to be sent
  int open_ = 0;          // requests of both kinds
  int open_reports_ = 0;  // … and those of labels alone
  int month_ = 0;  // of the last flight sent
  int failures_in_a_row_ = 0;
  std::string last_error_;
};

}  // namespace

absl::Status Replay(const FlightRows& flights, const ReplaySettings& settings, const Clock& clock,
                    ReplayResults& results) {
  return Client(flights, settings, clock, results).Run();
}

}  // namespace driftserve
