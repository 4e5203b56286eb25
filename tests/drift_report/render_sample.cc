// Writes every report of the synthetic models, for the tests of pages and schemas and for people who change the page.
//   render_sample FOLDER
#include <fstream>
#include <iostream>
#include <string>

#include "drift/report/evidently_json.h"
#include "drift/report/page.h"
#include "drift/report/report_json.h"
#include "drift/report/summary_text.h"
#include "tests/drift_report/samples.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: render_sample FOLDER\n";
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  for (const drift::synthetic::Sample& sample : drift::synthetic::Samples()) {
    const drift::ReportInput& input = sample.model->input;
    std::ofstream(folder + sample.name + ".html") << drift::RenderPage(input, 0);
    std::ofstream(folder + sample.name + ".txt") << drift::RenderSummary(input);
    std::ofstream(folder + sample.name + ".json") << drift::RenderJson({input}, sample.model->evaluation.time_ns);
    std::ofstream(folder + sample.name + ".evidently.json") << drift::RenderEvidentlyJson(input);
    if (sample.name == "drifted") std::ofstream(folder + "live.html") << drift::RenderPage(input, 300);
  }
  const auto input = drift::synthetic::KeptReport();
  std::ofstream(folder + "metrics.evidently.json")
      << drift::RenderEvidentlyJson(input->input, drift::EvidentlyFlavour::kReport);
  std::ofstream(folder + "tests.evidently.json")
      << drift::RenderEvidentlyJson(input->input, drift::EvidentlyFlavour::kTestSuite);
  std::ofstream(folder + "none.json") << drift::RenderJson({}, 0);
  std::ofstream(folder + "index.html") << drift::RenderIndex(
      {{"flight_delay", "1", drift::State::kDrifted}, {"fraud", "3", drift::State::kStable}});
  std::ofstream(folder + "script_hash.txt") << drift::PageScriptHash();
  return 0;
}
