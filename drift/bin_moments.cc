#include "drift/bin_moments.h"

#include <cstdint>

#include "drift/vectorised.h"
#include "drift/view.h"

namespace drift {
namespace {

// A pane has fewer rows than an int32 holds, which turns into a double several times as fast as an uint32.
double Rows(std::uint32_t count) { return static_cast<std::int32_t>(count); }

// Where one weight serves the group, `shares` are counts until Scale() and squares follow from them.
DRIFT_VECTORISED void AddTerm(const Term& term, const Group& group, BinMoments& moments) {
  const std::uint32_t* const counts = &term.pane->bins[moments.first];
  double* const shares = &moments.shares[term.group * moments.bins];
  if (!group.several_weights) {
    for (std::size_t b = 0; b < moments.bins; ++b) shares[b] += Rows(counts[b]);
    return;
  }
  double* const squares = &moments.squares[term.group * moments.bins];
  const double weight = term.weight, square = term.weight * term.weight;
  for (std::size_t b = 0; b < moments.bins; ++b) {
    const double rows = Rows(counts[b]);
    shares[b] += weight * rows;
    squares[b] += square * rows;
  }
}

DRIFT_VECTORISED void Scale(const Group& group, std::size_t index, BinMoments& moments) {
  if (group.seen <= 0) return;
  double* const shares = &moments.shares[index * moments.bins];
  double* const squares = &moments.squares[index * moments.bins];
  double* const total = moments.totals.data();
  const double weight = group.several_weights ? 1 : group.weight;
  for (std::size_t b = 0; b < moments.bins; ++b) {
    const double share = shares[b] * weight / group.seen;
    shares[b] = share;
    squares[b] = group.several_weights ? squares[b] / (group.seen * group.seen) : share * group.weight / group.seen;
    total[b] += group.share * share;
  }
}

// u_p += w k/N − (w n/N) f_g + (N_p/N)(f_g − q̂)
DRIFT_VECTORISED void Pull(const Term& term, double seen, BinMoments& moments) {
  double* const pull = &moments.pulls[term.slot * moments.bins];
  const double* const shares = &moments.shares[term.group * moments.bins];
  const double* const total = moments.totals.data();
  const double weight = term.weight / seen, stands = term.seen / seen;
  const double of_share = stands - weight * static_cast<double>(term.pane->kept);
  if (weight <= 0) {
    for (std::size_t b = 0; b < moments.bins; ++b) pull[b] += stands * (shares[b] - total[b]);
    return;
  }
  const std::uint32_t* const counts = &term.pane->bins[moments.first];
  for (std::size_t b = 0; b < moments.bins; ++b) {
    pull[b] += weight * Rows(counts[b]) + of_share * shares[b] - stands * total[b];
  }
}

}  // namespace

void SumWeights(View& view) {
  double squares = 0, sum = 0;
  for (const Term& term : view.terms) {
    if (term.weight <= 0) continue;
    const double weighted = term.weight * static_cast<double>(term.pane->kept);
    sum += weighted;
    squares += term.weight * weighted;
    Group& group = view.groups[term.group];
    if (group.weight == 0) group.weight = term.weight;
    group.several_weights = group.several_weights || group.weight != term.weight;
  }
  view.kish = squares > 0 ? sum * sum / squares : 0;
}

void FillMoments(View& view, std::size_t begin, std::size_t end) {
  BinMoments& moments = view.moments;
  moments.first = view.layout->bin_offset(begin);
  moments.bins = view.layout->bin_offset(end) - moments.first;
  moments.shares.assign(view.groups.size() * moments.bins, 0);
  moments.squares.assign(view.groups.size() * moments.bins, 0);
  moments.totals.assign(moments.bins, 0);
  for (const Term& term : view.terms) {
    if (term.weight > 0) AddTerm(term, view.groups[term.group], moments);
  }
  for (std::size_t g = 0; g < view.groups.size(); ++g) Scale(view.groups[g], g, moments);
  if (view.slots < kMeasuredPanes || !(view.seen > 0)) return;
  moments.pulls.assign(view.slots * moments.bins + kFour - 1, 0);
  for (const Term& term : view.terms) Pull(term, view.seen, moments);
}

}  // namespace drift
