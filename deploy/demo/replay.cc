// Replays half a year of flights against a server, paced by their scheduled departures; see README.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "deploy/demo/flight_rows.h"
#include "deploy/demo/replay_client.h"
#include "deploy/demo/replay_results.h"
#include "server/base/clock.h"

namespace {

constexpr int kFailed = 1;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "replay: %s\n", std::string(status.message()).c_str());
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  driftserve::ReplaySettings settings;
  std::string rows_file, results_file;
  int64_t day_ms = settings.day_ns / 1'000'000;
  CLI::App app("Sends every flight of a file made by prepare.py as one request, paced by its scheduled departure.");
  app.add_option("--rows", rows_file, "CSV of prepare.py")->required();
  app.add_option("--out", results_file, "JSON to write: answers, errors, latency and AUC by month")->required();
  app.add_option("--server", settings.server, "host:port")->capture_default_str();
  app.add_option("--model", settings.model, "name of the model")->capture_default_str();
  app.add_option("--day-ms", day_ms, "milliseconds that one replayed day lasts")->capture_default_str()->check(CLI::Range(1, 86'400'000));
  app.add_option("--in-flight", settings.in_flight, "requests open at once, at most")->capture_default_str()->check(CLI::Range(1, 65'536));
  CLI11_PARSE(app, argc, argv);
  settings.day_ns = day_ms * 1'000'000;

  const auto flights = driftserve::ReadFlightRows(rows_file);
  if (!flights.ok()) return Fail(flights.status());
  driftserve::ReplayResults results;
  const driftserve::Clock& clock = driftserve::Clock::System();
  const int64_t start_ns = clock.MonotonicNanos();
  const absl::Status done = driftserve::Replay(*flights, settings, clock, results);
  const double seconds = static_cast<double>(clock.MonotonicNanos() - start_ns) / 1e9;
  const absl::Status written = results.WriteJson(results_file, seconds);
  if (!done.ok()) return Fail(done);
  if (!written.ok()) return Fail(written);
  return 0;
}
