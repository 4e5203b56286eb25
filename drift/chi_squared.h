#ifndef DRIFT_CHI_SQUARED_H_
#define DRIFT_CHI_SQUARED_H_

namespace drift {

// The law of a·χ′²_ν(λ): a scaled noncentral chi-square. REQUIRES scale > 0, freedom > 0, noncentrality ≥ 0.
struct ScaledChiSquared {
  double scale = 1;          // a
  double freedom = 1;        // ν
  double noncentrality = 0;  // λ

  // P(a·χ′² ≥ x), within 1e-6; never NaN.
  double UpperTail(double x) const;

  // The x with UpperTail(x) = alpha. Relative error under 1e-3: Sankaran's form, corrected by Newton steps on the
  // exact law where λ ≤ 200.
  double Threshold(double alpha) const;
};

// The 1 − alpha quantile of the central law.
double ChiSquaredQuantile(double freedom, double alpha);

// P(Z ≥ z) of the standard normal law, and its inverse.
double NormalUpperTail(double z);
double NormalUpperQuantile(double probability);

}  // namespace drift

#endif  // DRIFT_CHI_SQUARED_H_
