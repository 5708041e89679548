// tests/kernels/product_test.cc -- every form of the product, bit for bit.
#include "kernels/cpu/product.h"

#include "gtest/gtest.h"
#include "tests/support/product_cases.h"

namespace nncpp {
namespace {

using ::nncpp::testing::TestAllShapes;
using ::nncpp::testing::TestBackward;
using ::nncpp::testing::TestForward;
using ::nncpp::testing::TestGradient;

struct Form {
  const char* name;
  const cpu::ProductTable* table;  // null where the processor lacks it
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.name; }

const Form kScalar = {"Scalar", &cpu::kProductScalar};
#if defined(__x86_64__)
const Form kAvx2 = {
    "Avx2", __builtin_cpu_supports("avx2") ? &cpu::kProductAvx2 : nullptr};
const Form kAvx512 = {"Avx512", __builtin_cpu_supports("avx512f") &&
                                        __builtin_cpu_supports("avx512bw") &&
                                        __builtin_cpu_supports("avx512dq") &&
                                        __builtin_cpu_supports("avx512vl") &&
                                        __builtin_cpu_supports("avx512vnni")
                                    ? &cpu::kProductAvx512
                                    : nullptr};
#endif

class Product : public ::testing::TestWithParam<Form> {
 protected:
  void SetUp() override {
    if (!GetParam().table) {
      GTEST_SKIP() << "this processor has no " << GetParam().name;
    }
  }
};

TEST_P(Product, ForwardGivesTheBitsOfANaiveLoop) {
  TestAllShapes(*GetParam().table, TestForward);
}

TEST_P(Product, BackwardGivesTheBitsOfANaiveLoop) {
  TestAllShapes(*GetParam().table, TestBackward);
}

TEST_P(Product, GradientGivesTheBitsOfANaiveLoop) {
  TestAllShapes(*GetParam().table, TestGradient);
}

std::string NameOf(const ::testing::TestParamInfo<Form>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Forms, Product,
#if defined(__x86_64__)
                         ::testing::Values(kScalar, kAvx2, kAvx512),
#else
                         ::testing::Values(kScalar),
#endif
                         NameOf);

}  // namespace
}  // namespace nncpp
