// tests/kernels/cell_test.cc -- one row of the LSTM cell, every form.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/ops.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::CellGradientRow;
using ::nncpp::cpu::CellRow;
using ::nncpp::cpu::OpsTable;
using ::nncpp::testing::AwkwardSizes;
using ::nncpp::testing::Bits;
using ::nncpp::testing::ExpectEqualForms;
using ::nncpp::testing::RandomFloats;

// What goes in, and what one row leaves.
struct Cell {
  std::vector<float> below, recurrent, embedding, gain, bias, c_before;
  std::vector<float> normed, inverse_rms, gates, c, h;
};

Cell NewCell(int64_t n, uint64_t seed, float range = 2.0f) {
  const auto size = static_cast<size_t>(n);
  Cell cell{RandomFloats(3 * n, seed, range),
            RandomFloats(3 * n, seed + 1, range),
            RandomFloats(3 * n, seed + 2, range),
            RandomFloats(3 * n, seed + 3, 2.0f),
            RandomFloats(3 * n, seed + 4),
            RandomFloats(n, seed + 5),
            {},
            {},
            {},
            {},
            {}};
  cell.normed.resize(3 * size);
  cell.gates.resize(3 * size);
  cell.inverse_rms.resize(3);
  cell.c.resize(size);
  cell.h.resize(size);
  return cell;
}

void Forward(const OpsTable& ops, bool lowest, Cell& cell) {
  ops.cell_forward({
      .cells = std::ssize(cell.c),
      .from_below = lowest ? nullptr : cell.below.data(),
      .recurrent = cell.recurrent.data(),
      .embedding = cell.embedding.data(),
      .gain = cell.gain.data(),
      .bias = cell.bias.data(),
      .c_before = cell.c_before.data(),
      .normed = cell.normed.data(),
      .inverse_rms = cell.inverse_rms.data(),
      .gates = cell.gates.data(),
      .c = cell.c.data(),
      .h = cell.h.data(),
  });
}

// c' and h in double precision, with `shift` added to the sum at `at`.
struct Outputs {
  std::vector<double> c, h;
};

Outputs Reference(const Cell& cell, bool lowest, size_t at = 0,
                  double shift = 0, double gain_shift = 0,
                  double before_shift = 0) {
  const size_t n = cell.c.size();
  std::vector<double> gates(3 * n);
  for (size_t gate = 0; gate < 3; ++gate) {
    std::vector<double> a(n);
    double squares = 0;
    for (size_t i = 0; i < n; ++i) {
      const size_t j = gate * n + i;
      a[i] = double{cell.recurrent[j]} + double{cell.embedding[j]} +
             (lowest ? 0.0 : double{cell.below[j]}) + (j == at ? shift : 0);
      squares += a[i] * a[i];
    }
    const double rms = std::sqrt(squares / static_cast<double>(n) +
                                 static_cast<double>(kNormEpsilon));
    for (size_t i = 0; i < n; ++i) {
      const size_t j = gate * n + i;
      const double x = double{cell.gain[j]} * (a[i] / rms) +
                       double{cell.bias[j]} + (j == at ? gain_shift : 0);
      gates[j] = gate == 1 ? std::tanh(x) : 1 / (1 + std::exp(-x));
    }
  }
  Outputs out{std::vector<double>(n), std::vector<double>(n)};
  for (size_t i = 0; i < n; ++i) {
    const double before =
        double{cell.c_before[i]} + (i == at ? before_shift : 0);
    out.c[i] = gates[i] * before + (1 - gates[i]) * gates[n + i];
    out.h[i] = gates[2 * n + i] * std::tanh(out.c[i]);
  }
  return out;
}

TEST(LstmCellForward, MatchesAHandComputedRow) {
  Cell cell = NewCell(1, 1);
  cell.recurrent = {3, -3, 3};
  cell.embedding = {1, -1, 1};
  cell.gain = {1, 1, 2};
  cell.bias = {0, 0, -2};
  cell.c_before = {0.5f};
  Forward(cpu::kOpsScalar, /*lowest=*/true, cell);
  // One cell's rms is its own size, so the normed sums are 1, -1 and 1.
  const double f = 1 / (1 + std::exp(-1.0)), g = std::tanh(-1.0), o = 0.5;
  const double c = f * 0.5 + (1 - f) * g;
  EXPECT_NEAR(double{cell.inverse_rms[0]}, 0.25, 1e-6);
  EXPECT_NEAR(double{cell.gates[0]}, f, 1e-6);
  EXPECT_NEAR(double{cell.c[0]}, c, 1e-6);
  EXPECT_NEAR(double{cell.h[0]}, o * std::tanh(c), 1e-6);
}

// The normed value carries about n / 32 + 10 roundings of the lane sum,
// halved by the root, and eight more; |gain n| is at most 2 sqrt(n) here. The
// functions add 1.8e-7 each.
TEST(LstmCellForward, StaysWithinRoundingOfDoublePrecision) {
  for (const int64_t n : AwkwardSizes()) {
    for (const bool lowest : {true, false}) {
      Cell cell = NewCell(n, 10);
      Forward(cpu::kOpsScalar, lowest, cell);
      const Outputs exact = Reference(cell, lowest);
      const double roundings = static_cast<double>(n) / 64 + 13;
      for (size_t i = 0; i < cell.c.size(); ++i) {
        const double widest =
            4 + 2 * std::abs(double{cell.normed[i]}) +
            2 * std::abs(double{cell.normed[cell.c.size() + i]});
        const double bound = widest * roundings * 0x1p-24 + 4 * 1.8e-7;
        ASSERT_NEAR(double{cell.c[i]}, exact.c[i], bound);
        ASSERT_NEAR(double{cell.h[i]}, exact.h[i], 3 * bound);
      }
    }
  }
}

TEST(LstmCellForward, StaysBoundedForHostileSums) {
  for (const float range : {0.0f, 1e-45f, 1e-20f, 1e9f, 1e17f}) {
    Cell cell = NewCell(77, 20, range);
    Forward(cpu::kOpsScalar, /*lowest=*/false, cell);
    for (const float c : cell.c) EXPECT_LE(Abs(c), 1.0f);
    for (const float h : cell.h) EXPECT_LE(Abs(h), 1.0f);
  }
}

TEST(LstmCellForward, IsTheSameInEveryForm) {
  for (const int64_t n : AwkwardSizes()) {
    for (const float range : {2.0f, 1e-42f, 1e15f}) {
      ExpectEqualForms([&](const OpsTable& ops) {
        Cell low = NewCell(n, 30, range), high = NewCell(n, 31, range);
        Forward(ops, true, low);
        Forward(ops, false, high);
        std::vector<std::vector<uint32_t>> all;
        for (const Cell& c : {low, high}) {
          for (const auto& x : {c.normed, c.inverse_rms, c.gates, c.c, c.h}) {
            all.push_back(Bits(x));
          }
        }
        return all;
      });
    }
  }
}

struct Gradient {
  std::vector<float> above, recurrent, dc, dnormed, dsum;
};

Gradient NewGradient(int64_t n, uint64_t seed, float range = 1.0f) {
  const auto size = static_cast<size_t>(3 * n);
  return {RandomFloats(n, seed, range), RandomFloats(n, seed + 1, range),
          RandomFloats(n, seed + 2, range), std::vector<float>(size),
          std::vector<float>(size)};
}

void Backward(const OpsTable& ops, const Cell& cell, bool last, Gradient& g) {
  ops.cell_backward({
      .cells = std::ssize(cell.c),
      .gain = cell.gain.empty() ? nullptr : cell.gain.data(),
      .normed = cell.normed.data(),
      .inverse_rms = cell.inverse_rms.data(),
      .gates = cell.gates.data(),
      .c_before = cell.c_before.data(),
      .c = cell.c.data(),
      .dh_above = g.above.data(),
      .dh_recurrent = last ? nullptr : g.recurrent.data(),
      .dc = g.dc.data(),
      .dnormed = g.dnormed.data(),
      .dsum = g.dsum.data(),
  });
}

// The loss whose gradients with respect to c' and h are given.
double Loss(const Outputs& out, const Gradient& g, bool last) {
  double loss = 0;
  for (size_t i = 0; i < out.c.size(); ++i) {
    const double dh =
        double{g.above[i]} + (last ? 0.0 : double{g.recurrent[i]});
    loss += double{g.dc[i]} * out.c[i] + dh * out.h[i];
  }
  return loss;
}

// Central differences of step 1e-5 in double precision err by about 1e-9; the
// cell's own error is that of some forty roundings of terms of up to
// |inverse_rms| * |gain| * 10.
TEST(LstmCellBackward, AgreesWithFiniteDifferences) {
  constexpr double kStep = 1e-5;
  for (const int64_t n : {1, 5, 33, 100}) {
    for (const bool last : {true, false}) {
      Cell cell = NewCell(n, 40);
      Forward(cpu::kOpsScalar, /*lowest=*/false, cell);
      const Gradient before = NewGradient(n, 50);
      Gradient g = before;
      Backward(cpu::kOpsScalar, cell, last, g);
      const auto difference = [&](const std::function<Outputs(double)>& run) {
        return (Loss(run(kStep), before, last) -
                Loss(run(-kStep), before, last)) /
               (2 * kStep);
      };
      for (size_t j = 0; j < g.dsum.size(); ++j) {
        const double dsum =
            difference([&](double s) { return Reference(cell, false, j, s); });
        const double dnormed = difference(
            [&](double s) { return Reference(cell, false, j, 0, s); });
        ASSERT_NEAR(double{g.dsum[j]}, dsum, 2e-5) << n << " " << j;
        ASSERT_NEAR(double{g.dnormed[j]}, dnormed, 4e-6) << n << " " << j;
      }
      for (size_t i = 0; i < g.dc.size(); ++i) {
        const double dc = difference(
            [&](double s) { return Reference(cell, false, i, 0, 0, s); });
        ASSERT_NEAR(double{g.dc[i]}, dc, 4e-6) << n << " " << i;
      }
    }
  }
}

TEST(LstmCellBackward, SaturatesInsteadOfOverflowing) {
  Cell cell = NewCell(77, 60, 1e-20f);  // the largest factor 1 / rms
  Forward(cpu::kOpsScalar, /*lowest=*/false, cell);
  Gradient g = NewGradient(77, 61, 1e6f);
  Backward(cpu::kOpsScalar, cell, /*last=*/false, g);
  for (const auto& x : {g.dc, g.dsum}) {
    for (const float v : x) EXPECT_LE(Abs(v), kGradientLimit);
  }
}

TEST(LstmCellBackward, IsTheSameInEveryForm) {
  for (const int64_t n : AwkwardSizes()) {
    for (const float range : {1.0f, 1e-40f, 1e6f}) {
      ExpectEqualForms([&](const OpsTable& ops) {
        Cell cell = NewCell(n, 70);
        Forward(ops, false, cell);
        std::vector<std::vector<uint32_t>> all;
        for (const bool last : {true, false}) {
          Gradient g = NewGradient(n, 71, range);
          Backward(ops, cell, last, g);
          for (const auto& x : {g.dc, g.dnormed, g.dsum}) {
            all.push_back(Bits(x));
          }
        }
        return all;
      });
    }
  }
}

// ---- the classic cell: four gates, nothing normalised

Cell NewClassicCell(int64_t n, uint64_t seed, float range = 2.0f) {
  Cell cell = NewCell(n, seed, range);
  for (std::vector<float>* x : {&cell.below, &cell.recurrent, &cell.embedding,
                                &cell.bias, &cell.gates}) {
    *x = RandomFloats(4 * n, ++seed, range);
  }
  cell.c_before = RandomFloats(n, ++seed, 3.0f);
  return cell;
}

void ForwardClassic(const OpsTable& ops, Cell& cell) {
  ops.cell_forward({.cells = std::ssize(cell.c),
                    .from_below = cell.below.data(),
                    .recurrent = cell.recurrent.data(),
                    .embedding = cell.embedding.data(),
                    .gain = nullptr,
                    .bias = cell.bias.data(),
                    .c_before = cell.c_before.data(),
                    .normed = nullptr,
                    .inverse_rms = nullptr,
                    .gates = cell.gates.data(),
                    .c = cell.c.data(),
                    .h = cell.h.data()});
}

TEST(ClassicCell, StaysWithinRoundingOfDoublePrecision) {
  for (const int64_t n : AwkwardSizes()) {
    Cell cell = NewClassicCell(n, 80);
    ForwardClassic(cpu::kOpsScalar, cell);
    const auto size = static_cast<size_t>(n);
    for (size_t i = 0; i < size; ++i) {
      double gate[4];
      for (size_t k = 0; k < 4; ++k) {
        const size_t j = k * size + i;
        const double x = double{cell.below[j]} + double{cell.recurrent[j]} +
                         double{cell.embedding[j]} + double{cell.bias[j]};
        gate[k] = k == 1 ? std::tanh(x) : 1 / (1 + std::exp(-x));
      }
      const double c = gate[0] * double{cell.c_before[i]} + gate[3] * gate[1];
      ASSERT_NEAR(double{cell.c[i]}, c, 1e-5);
      ASSERT_NEAR(double{cell.h[i]}, gate[2] * std::tanh(c), 1e-5);
    }
  }
}

TEST(ClassicCell, SaturatesInBothDirections) {
  for (const float range : {0.0f, 1e-45f, 1e9f, 1e30f}) {
    Cell cell = NewClassicCell(77, 90, range);
    cell.c_before.assign(77, kStateLimit);
    ForwardClassic(cpu::kOpsScalar, cell);
    for (const float c : cell.c) EXPECT_LE(Abs(c), kStateLimit);
    Gradient g = NewGradient(77, 91, 1e30f);
    g.dsum.resize(4 * 77);
    cell.gain.clear();
    Backward(cpu::kOpsScalar, cell, /*last=*/false, g);
    for (const auto& x : {g.dc, g.dsum}) {
      for (const float v : x) EXPECT_LE(Abs(v), kGradientLimit);
    }
  }
}

TEST(ClassicCell, IsTheSameInEveryForm) {
  for (const int64_t n : AwkwardSizes()) {
    for (const float range : {2.0f, 1e-42f, 1e15f}) {
      ExpectEqualForms([&](const OpsTable& ops) {
        Cell cell = NewClassicCell(n, 92, range);
        ForwardClassic(ops, cell);
        cell.gain.clear();
        Gradient g = NewGradient(n, 93, range);
        g.dsum.resize(static_cast<size_t>(4 * n));
        Backward(ops, cell, /*last=*/n % 2 == 0, g);
        std::vector<std::vector<uint32_t>> all;
        for (const auto& x : {cell.gates, cell.c, cell.h, g.dc, g.dsum}) {
          all.push_back(Bits(x));
        }
        return all;
      });
    }
  }
}

}  // namespace
}  // namespace nncpp
