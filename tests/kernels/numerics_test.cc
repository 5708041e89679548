// tests/kernels/numerics_test.cc -- the arithmetic that backends reproduce.
#include "kernels/numerics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::testing::RandomFloats;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
constexpr float kMost = std::numeric_limits<float>::max();

bool SameBits(float a, float b) { return BitsFromFloat(a) == BitsFromFloat(b); }

// Half a unit in the last place of a float near `value`.
long double HalfUlp(long double value) {
  int e = 0;
  std::frexp(value, &e);
  return std::ldexp(1.0L, std::max(e, -125) - 25);
}

void Record(const char* name, long double error) {
  ::testing::Test::RecordProperty(name, std::to_string(error * 1e9L) + "e-9");
}

TEST(Exp, HasARelativeErrorOfAtMost2Point5e7) {
  long double most = 0;
  for (int64_t i = -87 * 16384; i <= 88 * 16384; ++i) {
    const float x = static_cast<float>(i) * 0x1p-14f;
    const long double exact = std::exp(static_cast<long double>(x));
    most = std::max(most, std::abs(Exp(x) - exact) / exact);
  }
  Record("largest_relative_error", most);
  EXPECT_LE(most, 2.5e-7L);
}

TEST(Exp, IsOneAtBothZerosAndAtDenormals) {
  for (const float x : {0.0f, -0.0f, kDenormal, -kDenormal, 0x1p-126f}) {
    EXPECT_EQ(Exp(x), 1.0f);
  }
}

TEST(Exp, StaysAtItsLimitsBeyondThem) {
  for (const float x : {88.0f, 88.5f, 1e30f, kMost, kInfinity}) {
    EXPECT_TRUE(SameBits(Exp(x), Exp(88.0f))) << x;
    EXPECT_TRUE(SameBits(Exp(-x), Exp(std::max(-x, -87.0f)))) << x;
  }
  EXPECT_GT(Exp(-kInfinity), 0.0f);
  EXPECT_LT(Exp(kInfinity), kInfinity);
}

TEST(Exp, NeverExceedsOneBelowZero) {
  for (int64_t i = 0; i <= 87 * 4096; ++i) {
    EXPECT_LE(Exp(static_cast<float>(-i) * 0x1p-12f), 1.0f);
  }
}

TEST(Log, HasAnAbsoluteErrorOfAtMost1Point2e7AndOneRounding) {
  long double most = 0;
  const auto look = [&](float x) {
    const long double exact = std::log(static_cast<long double>(x));
    most = std::max(most, std::abs(Log(x) - exact) - HalfUlp(exact));
  };
  for (uint32_t e = 1; e < 255; ++e) {
    for (uint32_t m = 0; m < 0x800000u; m += 0x800000u / 4096) {
      look(FloatFromBits(e << 23 | m));
      look(FloatFromBits(e << 23 | (m + 1234)));
    }
  }
  for (uint32_t b = 0x3f000000u; b < 0x40000000u; b += 16) {
    look(FloatFromBits(b));
  }
  Record("largest_absolute_error_less_half_ulp", most);
  EXPECT_LE(most, 1.2e-7L);
  EXPECT_EQ(Log(1.0f), 0.0f);
}

TEST(Sigmoid, HasAnAbsoluteErrorOfAtMost1Point2e7) {
  long double most = 0;
  for (int64_t i = -100 * 8192; i <= 100 * 8192; ++i) {
    const float x = static_cast<float>(i) * 0x1p-13f;
    const long double exact = 1 / (1 + std::exp(-static_cast<long double>(x)));
    most = std::max(most, std::abs(Sigmoid(x) - exact));
  }
  Record("largest_absolute_error", most);
  EXPECT_LE(most, 1.2e-7L);
}

TEST(Sigmoid, StaysBetweenZeroAndOne) {
  for (const float x : {0.0f, 17.0f, 88.0f, 1e30f, kMost, kInfinity}) {
    for (const float y : {Sigmoid(x), Sigmoid(-x)}) {
      EXPECT_GE(y, 0.0f);
      EXPECT_LE(y, 1.0f);
    }
  }
  EXPECT_EQ(Sigmoid(0.0f), 0.5f);
  EXPECT_EQ(Sigmoid(-0.0f), 0.5f);
  EXPECT_EQ(Sigmoid(kInfinity), 1.0f);
}

TEST(Tanh, HasAnAbsoluteErrorOfAtMost1Point8e7) {
  long double most = 0;
  for (int64_t i = -20 * 65536; i <= 20 * 65536; ++i) {
    const float x = static_cast<float>(i) * 0x1p-16f;
    const long double exact = std::tanh(static_cast<long double>(x));
    most = std::max(most, std::abs(Tanh(x) - exact));
  }
  Record("largest_absolute_error", most);
  EXPECT_LE(most, 1.8e-7L);
}

TEST(Tanh, IsOddInEveryBit) {
  std::vector<float> x = RandomFloats(10000, 1, 12.0f);
  x.insert(x.end(), {0.0f, kDenormal, 0x1p-126f, 1e-10f, 50.0f, kMost});
  for (const float v : x) {
    EXPECT_TRUE(SameBits(Tanh(-v), -Tanh(v))) << v;
    EXPECT_LE(Abs(Tanh(v)), 1.0f);
  }
  EXPECT_TRUE(SameBits(Tanh(-0.0f), -0.0f));
  EXPECT_EQ(Tanh(kInfinity), 1.0f);
}

TEST(RoundHalfEven, TakesTiesToTheEvenInteger) {
  const std::vector<std::pair<float, float>> cases = {
      {0.5f, 0},
      {1.5f, 2},
      {2.5f, 2},
      {-0.5f, 0},
      {-1.5f, -2},
      {-2.5f, -2},
      {2047.5f, 2048},
      {0.49999997f, 0},
      {1e-40f, 0},
      {0x1p22f, 0x1p22f},
      {-0x1p22f, -0x1p22f},
      {0x1p22f - 0.5f, 0x1p22f},
      {-0x1p22f + 0.5f, -0x1p22f}};
  for (const auto& [x, rounded] : cases) {
    EXPECT_EQ(RoundHalfEven(x), rounded) << x;
    EXPECT_EQ(RoundToInt(x), static_cast<int32_t>(rounded)) << x;
  }
}

TEST(RoundToInt, AgreesWithNearbyintOverItsWholeRange) {
  for (const float range : {2.0f, 2048.0f, 0x1p22f}) {
    for (const float x : RandomFloats(100000, 2, range)) {
      ASSERT_EQ(RoundToInt(x), static_cast<int32_t>(std::nearbyint(x))) << x;
    }
  }
}

TEST(PowerOfTwo, IsExactAtEveryExponent) {
  for (int32_t e = -126; e <= 127; ++e) {
    EXPECT_EQ(PowerOfTwo(e), std::ldexp(1.0f, e));
  }
}

// The order of the arguments decides between zeros of different sign.
TEST(MinAndMax, KeepTheFirstOfTwoZeros) {
  EXPECT_TRUE(SameBits(Max(0.0f, -0.0f), 0.0f));
  EXPECT_TRUE(SameBits(Max(-0.0f, 0.0f), -0.0f));
  EXPECT_TRUE(SameBits(Min(0.0f, -0.0f), 0.0f));
  EXPECT_TRUE(SameBits(Min(-0.0f, 0.0f), -0.0f));
}

TEST(Clamp, KeepsWhatLiesInsideBitForBit) {
  for (const float x : {0.0f, -0.0f, kDenormal, -kDenormal, 1.0f, -1.0f}) {
    EXPECT_TRUE(SameBits(Clamp(x, -1.0f, 1.0f), x)) << x;
  }
  for (const float x : {1.0000001f, kMost, kInfinity}) {
    EXPECT_EQ(Clamp(x, -1.0f, 1.0f), 1.0f);
    EXPECT_EQ(Clamp(-x, -1.0f, 1.0f), -1.0f);
  }
}

TEST(Abs, ClearsTheSignAlone) {
  for (const float x : {0.0f, kDenormal, 1.5f, kMost, kInfinity}) {
    EXPECT_TRUE(SameBits(Abs(-x), x));
    EXPECT_TRUE(SameBits(Abs(x), x));
  }
}

// The text of law 3, word for word.
float LiteralLaneSum(const std::vector<float>& x) {
  std::vector<float> lane(32, 0.0f);
  for (size_t i = 0; i < x.size(); ++i) lane[i % 32] = lane[i % 32] + x[i];
  for (const size_t distance : {16, 8, 4, 2, 1}) {
    for (size_t l = 0; l < distance; ++l)
      lane[l] = lane[l] + lane[l + distance];
  }
  return lane[0];
}

TEST(LaneSum, AddsInTheWrittenOrder) {
  for (int64_t n = 0; n <= 130; ++n) {
    const std::vector<float> x = RandomFloats(n, 3 + static_cast<uint64_t>(n));
    const float sum =
        LaneSum(n, [&](int64_t i) { return x[static_cast<size_t>(i)]; });
    EXPECT_TRUE(SameBits(sum, LiteralLaneSum(x))) << n;
  }
}

TEST(OperandExponent, BringsTheLargestMagnitudeJustBelow2048) {
  const auto exponent = [](float x) {
    return OperandExponent(BitsFromFloat(x));
  };
  EXPECT_EQ(exponent(1.0f), -10);
  EXPECT_EQ(exponent(0x1.fffffep0f), -10);
  EXPECT_EQ(exponent(2.0f), -9);
  EXPECT_EQ(exponent(0.99999994f), -11);
  for (int32_t e = -53; e <= 60; ++e) {
    const float x = PowerOfTwo(e);
    EXPECT_GE(x * PowerOfTwo(-exponent(x)), 1024.0f);
    EXPECT_LT(x * 0x1.fffffep0f * PowerOfTwo(-exponent(x)), 2048.0f);
  }
}

TEST(OperandExponent, StaysWithinTheExponentsOfLawOne) {
  for (const float x : {0.0f, kDenormal, 0x1p-126f, 0x1p-54f, 0x1p-53f}) {
    EXPECT_EQ(OperandExponent(BitsFromFloat(x)), kExponentMin) << x;
  }
  EXPECT_EQ(OperandExponent(BitsFromFloat(0x1p-52f)), kExponentMin + 1);
  for (const float x : {0x1p60f, 0x1p61f, kMost}) {
    EXPECT_EQ(OperandExponent(BitsFromFloat(x)), kExponentMax) << x;
  }
  EXPECT_EQ(OperandExponent(BitsFromFloat(0x1.fffffep59f)), kExponentMax - 1);
}

TEST(NormShift, IsTheLeastThatBringsTheSumWithinTheNorm) {
  for (const int64_t norm : {int64_t{1}, int64_t{90}, kOperandNorm}) {
    const int64_t square = norm * norm;
    EXPECT_EQ(NormShift(0, norm), 0);
    EXPECT_EQ(NormShift(square, norm), 0);
    EXPECT_EQ(NormShift(square + 1, norm), 1);
    EXPECT_EQ(NormShift(4 * square, norm), 1);
    EXPECT_EQ(NormShift(4 * square + 1, norm), 2);
  }
}

TEST(ColumnExponent, BringsTheLargestTermWithinTheRangeOfRoundToInt) {
  for (int32_t e = -79; e <= 127; ++e) {
    const int32_t exponent = ColumnExponent(BitsFromFloat(PowerOfTwo(e)));
    EXPECT_EQ(exponent, e - 21);
    EXPECT_LE(PowerOfTwo(e) * 0x1.fffffep0f * PowerOfTwo(-exponent), 0x1p22f);
  }
  EXPECT_EQ(ColumnExponent(0), -100);
  EXPECT_EQ(ColumnExponent(BitsFromFloat(kDenormal)), -100);
  EXPECT_EQ(ColumnExponent(BitsFromFloat(0x1p-80f)), -100);
}

// The total is sum / 2^30 * 2^shift but for less than two units a symbol.
TEST(FrequencyShift, KeepsTheTotalBetweenTheLimitsOfLawFive) {
  for (const uint64_t symbols : {2u, 3u, 256u, 4096u, 16384u, 65535u}) {
    for (const uint64_t sum :
         {uint64_t{1} << 30, (uint64_t{1} << 31) - symbols,
          (uint64_t{1} << 31) - symbols - 1, symbols << 29, symbols << 30}) {
      if (sum < uint64_t{1} << 30) continue;
      const int32_t shift = FrequencyShift(sum, symbols);
      const double low = std::ldexp(static_cast<double>(sum), shift - 30);
      const double high =
          std::ldexp(static_cast<double>(sum + symbols), shift - 30) +
          2.0 * static_cast<double>(symbols);
      EXPECT_GE(low, 0x1p44) << symbols << " " << sum;
      EXPECT_LT(high, 0x1p48) << symbols << " " << sum;
    }
  }
}

}  // namespace
}  // namespace nncpp
