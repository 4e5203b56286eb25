#include "drift/view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

namespace drift {
namespace {

// One stratum over all panes.
struct StratumSum {
  bool none_seen = true, short_of_seen = false;
  double seen = 0, kept = 0;
  double expected = 0;  // E_h = Σ N_hp π_hp
  double log_rate() const { return seen > 0 && expected > 0 ? std::log(expected / seen) : 0; }
};

// Rows that a pane stands for. A kept row may come a pane before it is reported as seen, so only a stratum whose
// sums do not fit either is taken by its selected rows where those are more.
double SeenOf(const StratumPane& pane, const StratumSum& sum) {
  return static_cast<double>(sum.short_of_seen ? std::max(pane.seen, pane.selected()) : pane.seen);
}

std::vector<StratumSum> SumStrata(const Window& window) {
  std::vector<StratumSum> sums(window.strata().size());
  for (std::size_t h = 0; h < sums.size(); ++h) {
    std::uint64_t seen = 0, selected = 0;
    for (const Pane& pane : window.panes()) {
      seen += pane.strata[h].seen;
      selected += pane.strata[h].selected();
    }
    sums[h].short_of_seen = seen < selected;
    sums[h].none_seen = seen == 0;
    for (const Pane& pane : window.panes()) {
      const double rows = SeenOf(pane.strata[h], sums[h]);
      sums[h].seen += rows;
      sums[h].kept += static_cast<double>(pane.strata[h].kept);
      sums[h].expected += rows * pane.strata[h].EffectiveProbability();
    }
  }
  return sums;
}

bool NothingSeen(const std::vector<StratumSum>& sums) {
  return std::all_of(sums.begin(), sums.end(), [](const StratumSum& sum) { return sum.none_seen; });
}

std::optional<std::size_t> Nearest(const std::vector<StratumSum>& sums, std::size_t stratum,
                                   const std::vector<bool>& stands) {
  std::optional<std::size_t> nearest;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t h = 0; h < sums.size(); ++h) {
    const double distance = std::fabs(sums[h].log_rate() - sums[stratum].log_rate());
    if (stands[h] && distance < best) {
      best = distance;
      nearest = h;
    }
  }
  return nearest;
}

std::string ThinReason(const Window& window, const std::vector<StratumSum>& sums, const std::vector<bool>& thin,
                       double share) {
  std::size_t largest = 0;
  double most = -1;
  for (std::size_t h = 0; h < sums.size(); ++h) {
    if (thin[h] && sums[h].seen > most) {
      most = sums[h].seen;
      largest = h;
    }
  }
  char text[320];
  std::snprintf(text, sizeof text,
                "%.1f %% of the rows are in strata with under 5 expected kept rows (at most 1 %% may be); the largest "
                "is '%.80s' with %.0f rows, of which %.1f are expected: a sampling rate of %.2g would do",
                100 * share, window.strata()[largest].c_str(), sums[largest].seen, sums[largest].expected,
                std::min(1.0, kLeastExpected / std::max(1.0, sums[largest].seen)));
  return text;
}

// Adds the terms of the strata with a group, and the groups' sums.
void AddTerms(const Window& window, const std::vector<StratumSum>& sums,
              const std::vector<std::optional<std::size_t>>& group_of, View& view) {
  std::optional<std::int64_t> slot;
  for (const Pane& pane : window.panes()) {
    for (std::size_t h = 0; h < group_of.size(); ++h) {
      const StratumPane& stratum = pane.strata[h];
      const double seen = SeenOf(stratum, sums[h]);
      if (!group_of[h] || (seen <= 0 && stratum.kept == 0)) continue;
      if (!slot || *slot != pane.slot) ++view.slots;
      slot = pane.slot;
      view.terms.push_back({&stratum, static_cast<int>(h), *group_of[h], view.slots - 1, 0, seen});
      view.groups[*group_of[h]].seen += seen;
      view.groups[*group_of[h]].kept += static_cast<double>(stratum.kept);
    }
  }
}

// w_hp = (1/π_hp) · N_g / Σ n_hp/π_hp; without counts of the rows seen, 1/π_hp.
void Weigh(View& view, bool seen_known) {
  std::vector<double> estimated(view.groups.size(), 0);
  for (const Term& term : view.terms) {
    const double rate = term.pane->EffectiveProbability();
    if (rate > 0) estimated[term.group] += static_cast<double>(term.pane->kept) / rate;
  }
  if (!seen_known) {
    for (std::size_t g = 0; g < view.groups.size(); ++g) view.groups[g].seen = estimated[g];
  }
  double first_weight = 0;
  for (Term& term : view.terms) {
    const double rate = term.pane->EffectiveProbability();
    if (term.pane->kept > 0 && rate > 0) term.weight = view.groups[term.group].seen / (rate * estimated[term.group]);
    if (!seen_known) term.seen = term.weight * static_cast<double>(term.pane->kept);
    if (term.weight <= 0) continue;
    if (first_weight == 0) first_weight = term.weight;
    view.equal_weights = view.equal_weights && std::fabs(term.weight - first_weight) <= 1e-12 * first_weight;
  }
  for (const Group& group : view.groups) {
    view.seen += group.seen;
    view.kept += group.kept;
  }
  for (Group& group : view.groups) group.share = view.seen > 0 ? group.seen / view.seen : 0;
  view.mix_known = seen_known;
}

void AddCells(const Window& window, View& view) {
  const std::size_t cells = view.layout->total_cells();
  view.loose.resize(view.groups.size());
  std::vector<bool> done(window.strata().size() * 2, false);
  for (const Term& term : view.terms) {
    if (term.weight <= 0) continue;
    if (!term.pane->in_totals) {
      LooseCells& loose = view.loose[term.group];
      loose.weighted.resize(cells, 0);
      loose.squared.resize(cells, 0);
      term.pane->cells.Visit(*view.layout, [&](std::size_t cell, std::uint32_t count) {
        loose.weighted[cell] += term.weight * count;
        loose.squared[cell] += term.weight * term.weight * count;
      });
      continue;
    }
    const auto totals = window.totals(term.stratum);
    for (std::size_t i = 0; i < totals.size(); ++i) {
      const std::size_t at = 2 * static_cast<std::size_t>(term.stratum) + i;
      if (totals[i].probability != term.pane->probability || done[at]) continue;
      done[at] = true;
      view.classes.push_back({term.group, term.weight, totals[i].counts});
    }
  }
}

View MakeView(const Window& window, const std::vector<StratumSum>& sums,
              const std::vector<std::optional<std::size_t>>& group_of, std::size_t groups) {
  View view;
  view.layout = &window.layout();
  view.groups.resize(groups);
  AddTerms(window, sums, group_of, view);
  Weigh(view, !NothingSeen(sums));
  AddCells(window, view);
  SumWeights(view);
  return view;
}

// Numbers the groups and maps every stratum to its own or its host's.
std::size_t NumberGroups(const std::vector<StratumSum>& sums, const std::vector<bool>& stands,
                         std::vector<std::optional<std::size_t>>& group_of) {
  std::size_t groups = 0;
  for (std::size_t h = 0; h < sums.size(); ++h) {
    if (stands[h]) group_of[h] = groups++;
  }
  for (std::size_t h = 0; h < sums.size(); ++h) {
    if (stands[h] || sums[h].seen <= 0) continue;
    const std::optional<std::size_t> host = Nearest(sums, h, stands);
    if (host) {
      group_of[h] = group_of[*host];
    } else {
      group_of[h] = 0;  // nothing stands alone: one group of all
    }
  }
  return std::max<std::size_t>(groups, 1);
}

View WithoutMoments(const Window& window, const std::vector<StratumSum>& sums) {
  std::vector<std::optional<std::size_t>> group_of(sums.size());
  if (NothingSeen(sums)) {
    std::fill(group_of.begin(), group_of.end(), 0);
    return MakeView(window, sums, group_of, 1);
  }
  // Thin by N and π alone; deciding by the kept rows would bias the weights. A stratum whose expected rows all
  // failed to come (a chance below 1 %) cannot be estimated either and counts as thin.
  std::vector<bool> stands(sums.size()), thin(sums.size());
  double seen = 0, thin_seen = 0;
  for (std::size_t h = 0; h < sums.size(); ++h) {
    stands[h] = sums[h].expected >= kLeastExpected && sums[h].kept > 0;
    thin[h] = !stands[h] && sums[h].seen > 0;
    seen += sums[h].seen;
    thin_seen += thin[h] ? sums[h].seen : 0;
  }
  const std::size_t groups = NumberGroups(sums, stands, group_of);
  View view = MakeView(window, sums, group_of, groups);
  view.thin_share = seen > 0 ? thin_seen / seen : 0;
  if (view.thin_share > kThinShare) view.thin_reason = ThinReason(window, sums, thin, view.thin_share);
  return view;
}

View WithoutMoments(const Window& window, const std::vector<StratumSum>& sums, std::size_t stratum) {
  std::vector<std::optional<std::size_t>> group_of(window.strata().size());
  group_of[stratum] = 0;
  return MakeView(window, sums, group_of, 1);
}

View WithAllMoments(View view) {
  FillMoments(view, 0, view.layout->features());
  return view;
}

}  // namespace

View PopulationView(const Window& window) { return WithAllMoments(WithoutMoments(window, SumStrata(window))); }

View StratumView(const Window& window, int stratum) {
  return WithAllMoments(WithoutMoments(window, SumStrata(window), static_cast<std::size_t>(stratum)));
}

std::vector<View> ViewsOf(const Window& window) {
  const std::vector<StratumSum> sums = SumStrata(window);
  const std::size_t strata = window.strata().size();
  std::vector<View> views = {WithoutMoments(window, sums)};
  for (std::size_t h = 0; h < strata && strata > 1; ++h) views.push_back(WithoutMoments(window, sums, h));
  return views;
}

}  // namespace drift
