// Writes the pages of two synthetic models, for the browser test and for people who change the page.
//   render_sample FOLDER
#include <fstream>
#include <iostream>
#include <string>

#include "drift/report/page.h"
#include "drift/report/report_json.h"
#include "tests/drift_report/synthetic.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: render_sample FOLDER\n";
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  const auto drifted = drift::synthetic::Flights(true);
  const auto stable = drift::synthetic::Flights(false);
  std::ofstream(folder + "drifted.html") << drift::RenderPage(drifted->input, 0);
  std::ofstream(folder + "live.html") << drift::RenderPage(drifted->input, 300);
  std::ofstream(folder + "stable.html") << drift::RenderPage(stable->input, 0);
  std::ofstream(folder + "index.html") << drift::RenderIndex(
      {{"flight_delay", "1", drift::State::kDrifted}, {"fraud", "3", drift::State::kStable}});
  std::ofstream(folder + "script_hash.txt") << drift::PageScriptHash();
  std::ofstream(folder + "drifted.json") << drift::RenderJson({drifted->input}, drifted->evaluation.time_ns);
  return 0;
}
