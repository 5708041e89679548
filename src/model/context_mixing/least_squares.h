// src/model/context_mixing/least_squares.h -- a linear prediction that follows
// what it predicts.
//
// The weights are those that least squares find for the past, in which each
// observation counts `keep` times as much as the next one. All is in binary64
// and in the order of docs/numerics-mixing.md, "Samples". Source: edge-directed
// prediction [li2001edge].
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

// Its bytes are part of the model's state; all are 0 at first.
class LeastSquares {
 public:
  static constexpr size_t kMost = 32;  // regressors

  // The prediction from these regressors, at most kMost.
  double Predict(std::span<const double> x) const;

  // The whole part, towards 0, of `scale` times that, within +-most; -most
  // where it is no number.
  int64_t PredictWhole(std::span<const double> x, double scale,
                       double most) const;

  // Learns that they belong to y. Every fourth time the weights are new.
  // REQUIRES: the same number of them each time; |x|, |y| <= 2^17.
  void Learn(std::span<const double> x, double y, double keep);

  bool Sound() const { return learnt_ < kPeriod; }

 private:
  static constexpr uint64_t kPeriod = 4;

  void Solve(size_t n);

  // Sums of products: of two regressors, the lower triangle, and with y.
  double covariance_[kMost][kMost];
  double target_[kMost];
  double weights_[kMost];
  uint64_t learnt_;  // since the weights were found
};

}  // namespace nncpp
