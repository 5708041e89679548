// src/model/context_mixing/least_squares.cc -- contract:
// src/model/context_mixing/least_squares.h
#include "src/model/context_mixing/least_squares.h"

namespace nncpp {
namespace {

// Added to the diagonal: a share of its mean, and this.
constexpr double kShare = 1e-9, kLeast = 4;

}  // namespace

double LeastSquares::Predict(std::span<const double> x) const {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += weights_[i] * x[i];
  return sum;
}

int64_t LeastSquares::PredictWhole(std::span<const double> x, double scale,
                                   double most) const {
  const double y = Predict(x) * scale;
  return static_cast<int64_t>(y > -most ? y < most ? y : most : -most);
}

void LeastSquares::Learn(std::span<const double> x, double y, double keep) {
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      covariance_[i][j] = covariance_[i][j] * keep + x[i] * x[j];
    }
    target_[i] = target_[i] * keep + x[i] * y;
  }
  if (++learnt_ >= kPeriod) {
    learnt_ = 0;
    Solve(x.size());
  }
}

// By L D L^T, where D may not become too small.
void LeastSquares::Solve(size_t n) {
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += covariance_[i][i];
  const double ridge = trace / static_cast<double>(n) * kShare + kLeast;
  const double least = ridge / 16;
  double l[kMost][kMost], z[kMost], ratio[kMost], column[kMost];
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) l[i][j] = covariance_[i][j];
    l[i][i] += ridge;
    z[i] = target_[i];
  }
  for (size_t j = 0; j < n; ++j) {
    if (!(l[j][j] > least)) l[j][j] = least;
    for (size_t i = j + 1; i < n; ++i) {
      column[i] = l[i][j];
      ratio[i] = column[i] / l[j][j];
      l[i][j] = ratio[i];
      z[i] -= ratio[i] * z[j];
    }
    for (size_t i = j + 1; i < n; ++i) {
      for (size_t k = j + 1; k <= i; ++k) l[i][k] -= ratio[i] * column[k];
    }
  }
  for (size_t i = n; i-- > 0;) {
    double w = z[i] / l[i][i];
    for (size_t k = i + 1; k < n; ++k) w -= l[k][i] * weights_[k];
    weights_[i] = w;
  }
}

}  // namespace nncpp
