// tests/kernels/attention_test.cc -- attention against double precision.
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
using ::nncpp::testing::Bits;
using ::nncpp::testing::HeldMatrix;
using ::nncpp::testing::RandomFloats;

struct Shape {
  int64_t streams, heads, size, steps, window;
  int64_t cols() const { return heads * size; }
  int64_t rows() const { return streams * steps; }
};

const std::vector<Shape>& Shapes() {
  static const std::vector<Shape> shapes = {{1, 1, 1, 1, 1},
                                            {2, 3, 5, 4, 7},
                                            {3, 2, 32, 9, 3},
                                            {1, 2, 33, 40, 100},
                                            {2, 1, 64, 5, 129}};
  return shapes;
}

// All that goes in: keys and values of memory and of the steps together.
struct Inputs {
  explicit Inputs(const Shape& s, float range = 1.5f)
      : query(RandomFloats(s.rows() * s.cols(), 1, range)),
        key(RandomFloats(Positions(s) * s.cols(), 2, range)),
        value(RandomFloats(Positions(s) * s.cols(), 3, range)),
        relative(RandomFloats(s.rows() * s.heads * s.window, 4, range)),
        dout(RandomFloats(s.rows() * s.cols(), 5, range)) {}
  static int64_t Positions(const Shape& s) {
    return s.streams * (s.window - 1 + s.steps);
  }
  std::vector<float> query, key, value, relative, dout;
};

struct Outputs {
  std::vector<float> weights, out, drelative, dquery, dkey, dvalue;
};

constexpr float kScale = 0.4f;

// `at_once` steps go through each forward call.
Outputs Attend(Backend& backend, const Shape& s, const Inputs& in,
               int64_t at_once, uint64_t seed = 0) {
  const int64_t rows = s.rows(), c = s.cols(), hp = s.heads * s.window;
  const HeldMatrix query(backend, rows, c, in.query);
  const HeldMatrix key(backend, Inputs::Positions(s), c, in.key);
  const HeldMatrix value(backend, Inputs::Positions(s), c, in.value);
  const HeldMatrix relative(backend, rows, hp, in.relative);
  const HeldMatrix dout(backend, rows, c, in.dout);
  const HeldMatrix weights(backend, rows, hp), out(backend, rows, c);
  const HeldMatrix drelative(backend, rows, hp), dquery(backend, rows, c);
  const HeldMatrix dkey(backend, rows, c), dvalue(backend, rows, c);
  const auto memory =
      backend.NewKeyValues(s.streams, s.heads, s.size, s.window - 1 + s.steps);
  backend.QuantizeKeyValues(key, value, s.streams, 0, *memory);
  const auto attention = [&](int64_t first, int64_t count) -> Attention {
    const int64_t row = first * s.streams, some = count * s.streams;
    return {.streams = s.streams,
            .heads = s.heads,
            .first = first,
            .scale = kScale,
            .query = query.view().Rows(row, some),
            .relative = relative.view().Rows(row, some),
            .weights = weights.view().Rows(row, some),
            .out = out.view().Rows(row, some)};
  };
  for (int64_t t = 0; t < s.steps; t += at_once) {
    backend.AttentionForward(attention(t, std::min(at_once, s.steps - t)),
                             *memory);
  }
  backend.AttentionBackward({.attention = attention(0, s.steps),
                             .noise = {seed, 1, 2},
                             .dout = dout,
                             .drelative = drelative,
                             .dquery = dquery,
                             .dkey = dkey,
                             .dvalue = dvalue},
                            *memory);
  return {weights.Values(), out.Values(),  drelative.Values(),
          dquery.Values(),  dkey.Values(), dvalue.Values()};
}

std::vector<std::vector<uint32_t>> AllBits(const Outputs& o) {
  return {Bits(o.weights), Bits(o.out),  Bits(o.drelative),
          Bits(o.dquery),  Bits(o.dkey), Bits(o.dvalue)};
}

// The same in double.
struct Exact {
  std::vector<double> weights, out, drelative, dquery, dkey, dvalue;
};

Exact Reference(const Shape& s, const Inputs& in) {
  const int64_t c = s.cols(), hp = s.heads * s.window;
  const auto count = static_cast<size_t>(s.rows() * c);
  Exact e{std::vector<double>(static_cast<size_t>(s.rows() * hp)),
          std::vector<double>(count),
          std::vector<double>(static_cast<size_t>(s.rows() * hp)),
          std::vector<double>(count),
          std::vector<double>(count),
          std::vector<double>(count)};
  for (int64_t r = 0; r < s.rows(); ++r) {
    for (int64_t h = 0; h < s.heads; ++h) {
      const int64_t own = r * c + h * s.size, first = r * hp + h * s.window;
      // Row r of the queries is row r + (P - 1) B of keys and values.
      const auto at = [&](int64_t w) {
        return (r + w * s.streams) * c + h * s.size;
      };
      const auto dot = [&](const std::vector<float>& x, int64_t i,
                           const std::vector<float>& y, int64_t j) {
        double sum = 0;
        for (int64_t d = 0; d < s.size; ++d) {
          sum += double{x[static_cast<size_t>(i + d)]} *
                 double{y[static_cast<size_t>(j + d)]};
        }
        return sum;
      };
      double sum = 0;
      double* p = &e.weights[static_cast<size_t>(first)];
      for (int64_t w = 0; w < s.window; ++w) {
        p[w] = std::exp((dot(in.query, own, in.key, at(w)) +
                         double{in.relative[static_cast<size_t>(first + w)]}) *
                        double{kScale});
        sum += p[w];
      }
      double mean = 0;
      std::vector<double> dp;
      for (int64_t w = 0; w < s.window; ++w) {
        p[w] /= sum;
        dp.push_back(dot(in.dout, own, in.value, at(w)));
        mean += p[w] * dp.back();
      }
      for (int64_t w = 0; w < s.window; ++w) {
        const double ds =
            p[w] * (dp[static_cast<size_t>(w)] - mean) * double{kScale};
        e.drelative[static_cast<size_t>(first + w)] = ds;
        const int64_t row = r + (w - s.window + 1) * s.streams;
        for (int64_t d = 0; d < s.size; ++d) {
          const auto mine = static_cast<size_t>(own + d);
          const auto there = static_cast<size_t>(at(w) + d);
          e.out[mine] += p[w] * double{in.value[there]};
          e.dquery[mine] += ds * double{in.key[there]};
          if (row < 0) continue;  // memory
          const auto its = static_cast<size_t>(row * c + h * s.size + d);
          e.dkey[its] += ds * double{in.query[mine]};
          e.dvalue[its] += p[w] * double{in.dout[mine]};
        }
      }
    }
  }
  return e;
}

double Length(const std::vector<double>& x) { return testing::Norm(x); }

double Distance(const std::vector<float>& x, const std::vector<double>& y) {
  std::vector<double> difference;
  for (size_t i = 0; i < y.size(); ++i) {
    difference.push_back(double{x[i]} - y[i]);
  }
  return Length(difference);
}

// Queries are rounded to 11 bits of the largest, keys and values to 10, the
// weights to 1 / 8192 of their sum: scores err by some 2^-9, outputs by less
// than 1 %. Gradients are rounded once more, by noise.
TEST(Attention, StaysWithinItsRoundingOfDoublePrecision) {
  CpuBackend backend(cpu::AvailableForms().back(), 1);
  for (const Shape& s : Shapes()) {
    const Inputs in(s);
    const Outputs got = Attend(backend, s, in, s.steps);
    const Exact exact = Reference(s, in);
    EXPECT_LE(Distance(got.weights, exact.weights),
              0.005 * Length(exact.weights));
    EXPECT_LE(Distance(got.out, exact.out), 0.01 * Length(exact.out));
    EXPECT_LE(Distance(got.dvalue, exact.dvalue), 0.01 * Length(exact.dvalue));
    const double allowed = 0.02 * Length(exact.drelative) + 1e-3;
    EXPECT_LE(Distance(got.drelative, exact.drelative), allowed);
    EXPECT_LE(Distance(got.dquery, exact.dquery),
              0.03 * Length(exact.dquery) + 1e-3);
    EXPECT_LE(Distance(got.dkey, exact.dkey), 0.03 * Length(exact.dkey) + 1e-3);
  }
}

TEST(Attention, GivesARowTheSameBitsAloneAndAmongOthers) {
  CpuBackend backend(cpu::AvailableForms().back(), 1);
  for (const Shape& s : Shapes()) {
    const Inputs in(s);
    const auto all = AllBits(Attend(backend, s, in, s.steps));
    EXPECT_TRUE(AllBits(Attend(backend, s, in, 1)) == all);
    EXPECT_TRUE(AllBits(Attend(backend, s, in, 3)) == all);
  }
}

TEST(Attention, GivesTheSameBitsInEveryFormAndForEveryNumberOfThreads) {
  CpuBackend plain(cpu::AvailableForms()[0], 1);
  for (const Shape& s : Shapes()) {
    for (const float range : {0.0f, 1.5f, 1e-30f, 1e4f}) {
      const Inputs in(s, range);
      const auto expected = AllBits(Attend(plain, s, in, s.steps));
      for (const cpu::Form& form : cpu::AvailableForms()) {
        for (const int threads : {1, 3}) {
          CpuBackend backend(form, threads);
          EXPECT_TRUE(AllBits(Attend(backend, s, in, s.steps)) == expected)
              << form.name << ", " << threads << " threads, " << range;
        }
      }
    }
  }
}

TEST(Attention, SaturatesWhereInputsAreHostile) {
  CpuBackend backend(cpu::AvailableForms().back(), 1);
  const Shape s = {2, 2, 32, 6, 20};
  for (const float range : {1e9f, 0x1p31f, 0x1p41f}) {
    const Outputs got = Attend(backend, s, Inputs(s, range), s.steps);
    for (const auto* x : {&got.weights, &got.out, &got.drelative, &got.dquery,
                          &got.dkey, &got.dvalue}) {
      for (const float v : *x) ASSERT_LE(Abs(v), kActivationLimit);
    }
  }
}

// Each gradient takes noise of its own, and other noise for another seed.
TEST(Attention, RoundsGradientsWithNoiseOfTheirOwn) {
  CpuBackend backend(cpu::AvailableForms().back(), 1);
  const Shape s = {2, 2, 16, 6, 20};
  const Inputs in(s);
  const Outputs a = Attend(backend, s, in, s.steps, /*seed=*/0);
  const Outputs b = Attend(backend, s, in, s.steps, /*seed=*/1);
  EXPECT_EQ(Bits(a.out), Bits(b.out));
  EXPECT_NE(Bits(a.drelative), Bits(b.drelative));
  EXPECT_NE(Bits(a.dquery), Bits(b.dquery));
  EXPECT_NE(Bits(a.dkey), Bits(b.dkey));
  EXPECT_NE(Bits(a.dvalue), Bits(b.dvalue));
}

TEST(MoveKeyValues, LetsPositionsBecomeEarlierOnes) {
  CpuBackend backend(cpu::AvailableForms().back(), 1);
  const Shape s = {2, 2, 8, 5, 4};
  const Inputs in(s);
  const int64_t c = s.cols(), positions = s.window - 1 + s.steps;
  const HeldMatrix key(backend, Inputs::Positions(s), c, in.key);
  const HeldMatrix value(backend, Inputs::Positions(s), c, in.value);
  const HeldMatrix query(backend, s.streams, c), relative(backend, 1, 8);
  const auto memory = backend.NewKeyValues(s.streams, s.heads, 8, positions);
  backend.QuantizeKeyValues(key, value, s.streams, 0, *memory);
  const auto attend = [&](int64_t first) {
    const HeldMatrix weights(backend, s.streams, 8);
    const HeldMatrix out(backend, s.streams, c);
    backend.AttentionForward({.streams = s.streams,
                              .heads = s.heads,
                              .first = first,
                              .query = query.view(),
                              .relative = relative.view(),
                              .weights = weights,
                              .out = out},
                             *memory);
    return Bits(out.Values());
  };
  const auto third = attend(3), first = attend(0);
  EXPECT_NE(third, first);
  backend.MoveKeyValues(3, *memory);
  EXPECT_EQ(attend(0), third);
}

}  // namespace
}  // namespace nncpp
