// tests/model/context_mixing/logistic_test.cc -- the tables against double
// precision
#include "src/model/context_mixing/logistic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nncpp {
namespace {

constexpr double kCoded = 1 << kCodedBits, kModel = 1 << kModelBits;

double Logit(double p) { return 256 * std::log(p / (1 - p)); }

TEST(Squash, IsTheLogisticFunction) {
  for (int32_t x = -kLogitLimit; x <= kLogitLimit; ++x) {
    const double p = kCoded / (1 + std::exp(-x / 256.0));
    EXPECT_NEAR(Squash(x), p, 1.0) << x;
  }
}

TEST(Squash, IsSymmetricalAndNeverCertain) {
  for (int32_t x = 0; x <= kLogitLimit; ++x) {
    EXPECT_EQ(Squash(x) + Squash(-x), 1u << kCodedBits);
    EXPECT_GE(Squash(-x), 1u);
  }
}

// An entry of the tables covers 1/4096 of the middle, 1/2^18 of the ends; near
// the ends of the coarse part that is 1/64 of the probability, 4 units.
TEST(Stretch, InvertsTheLogisticFunction) {
  for (uint32_t p = 64; p < (1u << kModelBits) - 64; p += 61) {
    const double exact = Logit(p / kModel);
    const double tail = std::fmin(p, kModel - p);
    const double slack = tail < 65536 ? 1 + 256 * 9 / tail : 4;
    EXPECT_NEAR(Stretch(p), exact, slack) << p;
  }
}

TEST(Stretch, RisesFromEndToEnd) {
  int32_t before = Stretch(0);
  EXPECT_LT(before, -12 * 256);
  for (uint32_t p = 1; p < 1u << kModelBits; ++p) {
    const int32_t now = Stretch(p);
    ASSERT_GE(now, before) << p;
    before = now;
  }
  EXPECT_GT(before, 12 * 256);
}

TEST(LogitOfRatio, IsTheLogarithmOfTheRatio) {
  const uint64_t numbers[] = {
      1, 2, 3, 1000, 4097, 123456789, uint64_t{1} << 46};
  for (const uint64_t above : numbers) {
    for (const uint64_t below : numbers) {
      const double exact = 256 * (std::log(static_cast<double>(above)) -
                                  std::log(static_cast<double>(below)));
      const double limited = std::fmax(-4095.0, std::fmin(4095.0, exact));
      EXPECT_NEAR(LogitOfRatio(above, below), limited, 1.2)
          << above << " : " << below;
    }
  }
}

}  // namespace
}  // namespace nncpp
