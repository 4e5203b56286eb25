#include "server/observe/snapshot.h"

namespace driftserve {

std::vector<RowCounts> RowsOf(const WatchedModel& model) {
  const SamplingRule& rule = model.rule();
  std::vector<RowCounts> rows;
  for (size_t i = 0; i < rule.stratum_count(); ++i) {
    const auto stratum = static_cast<int>(i);
    rows.push_back({rule.stratum(stratum).name, rule.version(), static_cast<double>(model.seen().Total(stratum)),
                    model.kept()[i].Read(), model.dropped()[i].Read()});
  }
  return rows;
}

}  // namespace driftserve
