// tests/kernels/product_avx512_emulated_test.cc -- AVX-512 code on any machine.
//
// The AVX-512 form of the product, its intrinsics replaced by SIMDe's portable
// ones, so that its loops are executed in every test run.

// Nothing here passes a 512-bit vector to code compiled with AVX-512.
#pragma GCC diagnostic ignored "-Wpsabi"

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

#include "tests/support/simde_lacks.h"

#define NNCPP_EMULATED_INTRINSICS
#define NNCPP_FORM Avx512Emulated
#define NNCPP_FORM_AVX512 1
#include "kernels/cpu/product_simd.cc"
//
#include "gtest/gtest.h"
#include "tests/support/product_cases.h"

namespace nncpp {
namespace {

using ::nncpp::testing::TestAllShapes;
using ::nncpp::testing::TestBackward;
using ::nncpp::testing::TestForward;
using ::nncpp::testing::TestGradient;

TEST(ProductAvx512Emulated, ForwardGivesTheBitsOfANaiveLoop) {
  TestAllShapes(cpu::kProductAvx512Emulated, TestForward);
}

TEST(ProductAvx512Emulated, BackwardGivesTheBitsOfANaiveLoop) {
  TestAllShapes(cpu::kProductAvx512Emulated, TestBackward);
}

TEST(ProductAvx512Emulated, GradientGivesTheBitsOfANaiveLoop) {
  TestAllShapes(cpu::kProductAvx512Emulated, TestGradient);
}

}  // namespace
}  // namespace nncpp
