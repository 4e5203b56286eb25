#include "drift/present_rows.h"

namespace drift {

PresentRows::PresentRows(const View& view, std::size_t feature)
    : view_(view),
      missing_bin_(view.layout->bin_offset(feature) + view.layout->feature(feature).missing_bin()),
      groups_(view.groups.size()) {
  none_missing_ = *view.moments.total(missing_bin_) == 0;
  none_missing_ ? TakeAll() : CountPresent();
}

void PresentRows::TakeAll() {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Group& from = view_.groups[g];
    groups_[g] = {from.share, from.kept, from.seen, from.weight, from.several_weights, {}};
    kept_ += from.kept;
    seen_ += from.seen;
  }
  weight_squares_ = view_.kish > 0 ? seen_ * seen_ / view_.kish : 0;
}

void PresentRows::CountPresent() {
  for (const Term& term : view_.terms) {
    if (term.weight <= 0) continue;
    PresentGroup& group = groups_[term.group];
    const double rows = static_cast<double>(term.pane->kept) - missing(term);
    group.kept += rows;
    group.seen += term.weight * rows;
    kept_ += rows;
    seen_ += term.weight * rows;
    weight_squares_ += term.weight * term.weight * rows;
    if (group.one_weight == 0) group.one_weight = term.weight;
    group.several_weights = group.several_weights || group.one_weight != term.weight;
  }
  for (PresentGroup& group : groups_) group.weight = seen_ > 0 ? group.seen / seen_ : 0;
}

}  // namespace drift
