// tests/kernels/product_error_test.cc -- products against double precision.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/cpu_backend.h"
#include "tests/support/held_matrix.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::CpuBackend;
using ::nncpp::testing::HeldMatrix;
using ::nncpp::testing::RandomFloats;

struct Shape {
  int64_t m, n, k;
};

const std::vector<Shape>& Shapes() {
  static const std::vector<Shape> shapes = {
      {1, 1, 1}, {3, 32, 33}, {5, 77, 100}, {17, 256, 64}, {2, 40, 640}};
  return shapes;
}

CpuBackend NewBackend() { return {cpu::AvailableForms().back(), 1}; }

// The unit that a row or a column of `x` is quantised in is at most this: a
// power of two below max / 1024 and the least that brings the norm within its
// bound (law 1); `norm` is that of the integers.
double Unit(const std::vector<float>& x, int64_t first, int64_t stride,
            int64_t count, double norm = kOperandNorm) {
  double most = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double v = double{x[static_cast<size_t>(first + i * stride)]};
    most = std::max(most, std::abs(v));
    squares += v * v;
  }
  return std::max(most / 1024, 2.05 * std::sqrt(squares) / norm);
}

double Length(const std::vector<float>& x, int64_t first, int64_t stride,
              int64_t count) {
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double v = double{x[static_cast<size_t>(first + i * stride)]};
    squares += v * v;
  }
  return std::sqrt(squares);
}

// A sum of `count` products a b where a errs by up to ea and b by up to eb
// errs by no more than this (Cauchy-Schwarz for the mixed terms).
double Bound(double length_a, double ea, double length_b, double eb,
             int64_t count) {
  const double root = std::sqrt(static_cast<double>(count));
  return root * (ea * length_b + eb * length_a) +
         static_cast<double>(count) * ea * eb;
}

TEST(ProductForward, StaysWithinItsQuantisationOfDoublePrecision) {
  CpuBackend b = NewBackend();
  for (const Shape& s : Shapes()) {
    const auto x = RandomFloats(s.m * s.k, 1), w = RandomFloats(s.n * s.k, 2);
    const HeldMatrix dx(b, s.m, s.k, x), dw(b, s.n, s.k, w), y(b, s.m, s.n);
    const auto weights = b.NewWeights(s.n, s.k);
    b.QuantizeWeights(dw, *weights);
    b.ProductForward(dx, *weights, y);
    const std::vector<float> result = y.Values();
    double squares = 0, errors = 0;
    for (int64_t m = 0; m < s.m; ++m) {
      for (int64_t n = 0; n < s.n; ++n) {
        double exact = 0;
        for (int64_t k = 0; k < s.k; ++k) {
          exact += double{x[static_cast<size_t>(m * s.k + k)]} *
                   double{w[static_cast<size_t>(n * s.k + k)]};
        }
        const double error =
            double{result[static_cast<size_t>(m * s.n + n)]} - exact;
        squares += exact * exact;
        errors += error * error;
        const double bound = Bound(
            Length(x, m * s.k, 1, s.k), Unit(x, m * s.k, 1, s.k) / 2,
            Length(w, n * s.k, 1, s.k), Unit(w, n * s.k, 1, s.k) / 2, s.k);
        ASSERT_LE(std::abs(error), bound) << s.m << " " << s.n << " " << s.k;
      }
    }
    // Errors of random sign add like their squares: each operand's are a unit
    // / sqrt 12, and its unit at most 2 / 2896 of its length.
    const double depth = std::sqrt(static_cast<double>(s.k));
    EXPECT_LE(std::sqrt(errors / squares),
              std::sqrt(2.0 / 12) * (2.0 / 1024 + depth * 2 / 2896));
  }
}

TEST(ProductBackward, StaysWithinItsQuantisationOfDoublePrecision) {
  CpuBackend b = NewBackend();
  for (const Shape& s : Shapes()) {
    const auto dy = RandomFloats(s.m * s.n, 3, 1e-3f);
    const auto w = RandomFloats(s.n * s.k, 4);
    const HeldMatrix ddy(b, s.m, s.n, dy), dw(b, s.n, s.k, w), dx(b, s.m, s.k);
    const auto weights = b.NewWeights(s.n, s.k);
    b.QuantizeWeights(dw, *weights);
    b.ProductBackward(ddy, *weights, {1, 2, 3}, 0, dx);
    const std::vector<float> result = dx.Values();
    // A row's unit of w is at most `unit`; dy is folded with it before it is
    // quantised, to a norm that the longest column of integers leaves over.
    double unit = 0, column = 0;
    for (int64_t n = 0; n < s.n; ++n) {
      unit = std::max(unit, Unit(w, n * s.k, 1, s.k));
    }
    column = 2048 * std::sqrt(static_cast<double>(s.n));
    const double norm = std::min(2896.0, 8388608.0 / column);
    for (int64_t m = 0; m < s.m; ++m) {
      const double dy_unit = Unit(dy, m * s.n, 1, s.n, norm) * unit;
      for (int64_t k = 0; k < s.k; ++k) {
        double exact = 0;
        for (int64_t n = 0; n < s.n; ++n) {
          exact += double{dy[static_cast<size_t>(m * s.n + n)]} *
                   double{w[static_cast<size_t>(n * s.k + k)]};
        }
        const double bound =
            std::sqrt(static_cast<double>(s.n)) *
            (Length(dy, m * s.n, 1, s.n) * unit / 2 + dy_unit * column);
        ASSERT_LE(
            std::abs(double{result[static_cast<size_t>(m * s.k + k)]} - exact),
            bound)
            << s.m << " " << s.n << " " << s.k;
      }
    }
  }
}

TEST(ProductGradient, StaysWithinItsQuantisationOfDoublePrecision) {
  CpuBackend b = NewBackend();
  for (const Shape& s : Shapes()) {
    const int64_t rows = s.k;  // the axis that is added over
    const auto dy = RandomFloats(rows * s.n, 5, 1e-3f);
    const auto x = RandomFloats(rows * s.m, 6);
    const HeldMatrix ddy(b, rows, s.n, dy), dx(b, rows, s.m, x),
        dw(b, s.n, s.m);
    b.ProductGradient(ddy, dx, {1, 2, 3}, dw);
    const std::vector<float> result = dw.Values();
    for (int64_t n = 0; n < s.n; ++n) {
      for (int64_t m = 0; m < s.m; ++m) {
        double exact = 0;
        for (int64_t r = 0; r < rows; ++r) {
          exact += double{dy[static_cast<size_t>(r * s.n + n)]} *
                   double{x[static_cast<size_t>(r * s.m + m)]};
        }
        // Stochastic rounding errs by up to a whole unit.
        const double bound =
            Bound(Length(dy, n, s.n, rows), Unit(dy, n, s.n, rows),
                  Length(x, m, s.m, rows), Unit(x, m, s.m, rows) / 2, rows);
        ASSERT_LE(
            std::abs(double{result[static_cast<size_t>(n * s.m + m)]} - exact),
            bound)
            << s.m << " " << s.n << " " << s.k;
      }
    }
  }
}

}  // namespace
}  // namespace nncpp
