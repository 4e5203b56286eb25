#ifndef DRIFT_KS_DISTRIBUTION_H_
#define DRIFT_KS_DISTRIBUTION_H_

#include <cstdint>

namespace drift {

// P(D ≥ d) under equal distributions, for an effective number `en` = n m/(n + m): Q(λ) = 2 Σ (−1)^{k−1}
// e^{−2k²λ²} at λ = √en d + 1/(6√en) + (√en d − 1)/(4 en) (Vrbik 2018). Within 2e-3 of the one-sample law of
// en rows, which is SciPy's asymptotic form, for n, m ≥ 30 (Stephens' 0.12 + 0.11/√en: within 2e-2). In [0, 1].
double KsAsymptoticTail(double d, double en);

// P(D ≥ h/lcm(n, m)) under equal continuous distributions, exactly, by counting the lattice paths that leave the
// band; O(n m) time, O(min) memory. REQUIRES n, m ≥ 1 and h ≥ 0 in units of 1/lcm.
double KsExactTail(std::uint64_t n, std::uint64_t m, std::uint64_t h);

// P of "the true D is at most `level`" for level > 0: exp(−2 en (d − level)²) (Dvoretzky–Kiefer–Wolfowitz,
// one-sided at the point of the largest difference), and the d at which it is alpha.
double KsLevelTail(double d, double level, double en);
double KsLevelThreshold(double level, double en, double alpha);

// The d with KsAsymptoticTail(d, en) = alpha.
double KsThreshold(double en, double alpha);

}  // namespace drift

#endif  // DRIFT_KS_DISTRIBUTION_H_
