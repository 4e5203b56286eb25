#include "server/metrics/operations.h"

#include <prometheus/collectable.h>

#include <optional>
#include <string_view>
#include <utility>

#include "drift/report/page.h"
#include "drift/report/report_json.h"
#include "drift/report/text.h"
#include "server/base/text.h"
#include "server/metrics/drift_collector.h"
#include "server/metrics/gpu_collector.h"
#include "server/metrics/pipeline_collector.h"
#include "server/metrics/serving_collector.h"
#include "server/metrics/text_format.h"
#include "server/metrics/watch_collector.h"

namespace driftserve {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kHtml[] = "text/html; charset=utf-8";
constexpr char kJson[] = "application/json";
constexpr std::string_view kDriftPath = "/drift/";
constexpr std::string_view kJsonSuffix = ".json";
constexpr int64_t kRefreshMs = 2000;

HttpReply Plain(int status, std::string body) { return {status, kText, std::move(body), {}}; }

// Pages run one script, known by its hash, load nothing from anywhere, and cannot be framed.
HttpReply Page(std::string body) {
  return {
      200,
      kHtml,
      std::move(body),
      {{"Content-Security-Policy",
        Concat("default-src 'none'; style-src 'unsafe-inline'; script-src '", drift::PageScriptHash(),
               "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")}}};
}

drift::ReportInput InputOf(const ModelSnapshot& snapshot) {
  drift::ReportInput input;
  input.model_name = snapshot.model_name;
  input.model_version = snapshot.model_version;
  input.reference = snapshot.reference.get();
  input.evaluation = &snapshot.evaluation;
  input.window_ns = snapshot.window_ns;
  input.evaluate_every_ns = snapshot.evaluate_every_ns;
  input.thresholds = snapshot.thresholds;
  input.dataset_drift_share = snapshot.dataset_drift_share;
  for (const ModelSnapshot::Point& point : snapshot.history) input.history.push_back({point.time_ns, point.psi});
  return input;
}

// The newest version of the model, or the one asked for.
std::shared_ptr<const ModelSnapshot> FindModel(const ObserverSnapshot& snapshot, std::string_view name,
                                               const HttpRequest& request) {
  const auto version = request.query.find("version");
  std::shared_ptr<const ModelSnapshot> found;
  std::optional<int64_t> newest;
  for (const auto& model : snapshot.models) {
    if (model->model_name != name) continue;
    if (version != request.query.end() && model->model_version != version->second) continue;
    const std::optional<int64_t> number = ParseWhole<int64_t>(model->model_version);
    if (found != nullptr && number.value_or(-1) < newest.value_or(-1)) continue;
    found = model;
    newest = number;
  }
  return found;
}

}  // namespace

Operations::Operations(OperationsSources sources) : sources_(std::move(sources)) {
  if (sources_.consumer) {
    collectors_.push_back(std::make_shared<WatchCollector>(sources_.consumer));
  } else {
    collectors_.push_back(std::make_shared<ServingCollector>(sources_.serving, sources_.build));
  }
  if (sources_.board != nullptr) {
    collectors_.push_back(std::make_shared<DriftCollector>(sources_.board, sources_.labels));
  }
  if (sources_.gpus) collectors_.push_back(std::make_shared<GpuCollector>(sources_.gpus));
  collectors_.push_back(std::make_shared<PipelineCollector>(sources_.publisher, sources_.tap, [this] {
    const HttpServer* server = counted_.load();
    return server ? server->Counts() : HttpCounts{};
  }));
}

Operations::~Operations() {
  server_.reset();  // before what its threads read
}

absl::Status Operations::Listen(const HttpSettings& settings, const Clock* clock) {
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(settings, clock, [this](const HttpRequest& request) { return Answer(request); });
  if (!server.ok()) return server.status();
  server_ = std::move(*server);
  counted_ = server_.get();
  return absl::OkStatus();
}

HttpReply Operations::Answer(const HttpRequest& request) const {
  HttpReply reply;
  if (request.path == "/metrics") {
    reply = Metrics();
  } else if (request.path == "/livez") {
    reply = Plain(200, "live\n");
  } else if (request.path == "/readyz") {
    reply = Ready();
  } else if (request.path == "/version") {
    reply = Version();
  } else if (request.path == "/drift") {
    reply = DriftJson();
  } else if (std::string_view(request.path).substr(0, kDriftPath.size()) == kDriftPath) {
    reply = DriftOfModel(request);
  } else if (request.path == "/") {
    reply = Index();
  } else {
    reply = Plain(404, "not found; there are /metrics /livez /readyz /version /drift /drift/<model>\n");
  }
  reply.headers.emplace("Cache-Control", "no-store");
  reply.headers.emplace("X-Content-Type-Options", "nosniff");
  return reply;
}

HttpReply Operations::Metrics() const {
  std::vector<prometheus::MetricFamily> all;
  for (const auto& collector : collectors_) {
    for (prometheus::MetricFamily& family : collector->Collect()) all.push_back(std::move(family));
  }
  return {200, kPrometheusContentType, PrometheusText(all), {}};
}

HttpReply Operations::Ready() const {
  const std::string reason = sources_.not_ready ? sources_.not_ready() : std::string();
  if (reason.empty()) return Plain(200, "ready\n");
  return Plain(503, Concat("not ready: ", reason, "\n"));
}

HttpReply Operations::Version() const {
  const BuildFacts& build = sources_.build;
  return {200, kJson, drift::VersionJson(build.program, build.version, build.commit, build.torch), {}};
}

HttpReply Operations::Index() const {
  std::vector<drift::IndexEntry> entries;
  if (sources_.board != nullptr) {
    const auto snapshot = sources_.board->Read();
    for (const auto& model : snapshot->models) {
      entries.push_back({model->model_name, model->model_version, model->evaluation.model_state});
    }
  }
  return Page(drift::RenderIndex(entries));
}

HttpReply Operations::DriftJson() const {
  std::vector<drift::ReportInput> inputs;
  std::shared_ptr<const ObserverSnapshot> snapshot;
  if (sources_.board != nullptr) {
    snapshot = sources_.board->Read();
    for (const auto& model : snapshot->models) inputs.push_back(InputOf(*model));
  }
  return {200, kJson, drift::RenderJson(inputs, snapshot ? snapshot->time_ns : 0), {}};
}

HttpReply Operations::DriftOfModel(const HttpRequest& request) const {
  std::string_view name = std::string_view(request.path).substr(kDriftPath.size());
  const auto snapshot = sources_.board ? sources_.board->Read() : std::make_shared<const ObserverSnapshot>();
  std::shared_ptr<const ModelSnapshot> model = FindModel(*snapshot, name, request);
  bool json = false;
  if (model == nullptr && name.size() > kJsonSuffix.size() &&
      name.substr(name.size() - kJsonSuffix.size()) == kJsonSuffix) {
    json = true;
    model = FindModel(*snapshot, name.substr(0, name.size() - kJsonSuffix.size()), request);
  }
  if (model == nullptr) {
    return Plain(404, Concat("no model \"", drift::Utf8(name), "\" is watched here; /drift lists those that are\n"));
  }
  const drift::ReportInput input = InputOf(*model);
  if (json) return {200, kJson, drift::RenderJson({input}, snapshot->time_ns), {}};
  if (request.query.contains("part")) return Page(drift::RenderPart(input));
  return Page(drift::RenderPage(input, kRefreshMs));
}

}  // namespace driftserve
