#ifndef DRIFT_DETECTOR_H_
#define DRIFT_DETECTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace drift {

// The detectors of a change in the level of a stream of errors (statistics.md §5).
enum class DetectorKind : std::uint8_t { kAdwin, kDdm, kPageHinkley };
std::string_view Name(DetectorKind kind);  // "adwin", "ddm", "page_hinkley"

// What one error did to a detector.
enum class LevelChange : std::uint8_t {
  kNone,
  kWarning,  // DDM alone: the level may be rising
  kRose,     // an alarm: the level is higher than it was
  kFell,     // an alarm: the level is lower
};

// Looks at one error after the other and says when their level has changed. After an alarm a detector begins anew with
// the next error. Single-threaded; constant memory (ADWIN: logarithmic in the errors).
//
// Weights. A sample with unequal inclusion probabilities π must give the verdict of the whole stream. An error counts
// as `weight` observations, 0 < weight ≤ 1, where weight is proportional to 1/π and 1 belongs to the most thinly
// sampled rows: π_min/π. That is the expectation of the errors that would be left if the sample were thinned at random
// to one rate, so means are those of the whole stream, and the variance of a sum of n observations is at most n times
// the errors' variance — the bounds of the detectors hold, for strata whose errors differ too. (Weights of mean 1 would
// claim more observations than there are; Kish's effective number can be wrong by 90 times where the errors of the rare
// heavy rows are the ones that vary.) With all weights 1 the arithmetic is River's, bit by bit.
class Detector {
 public:
  virtual ~Detector() = default;

  // REQUIRES: error finite, 0 < weight ≤ 1.
  virtual LevelChange Update(double error, double weight) = 0;

  // The statistic as of the last look and the value above which it is an alarm; empty until there were enough errors.
  struct Statistic {
    double value = 0, threshold = 0;
  };
  virtual std::optional<Statistic> statistic() const = 0;
};

// With the parameters of statistics.md. `binary`: errors are 0 or 1, else any number ≥ 0 (ADWIN: at most 1).
std::unique_ptr<Detector> MakeDetector(DetectorKind kind, bool binary);

}  // namespace drift

#endif  // DRIFT_DETECTOR_H_
