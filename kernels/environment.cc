// kernels/environment.cc -- contract: kernels/environment.h
#include "kernels/environment.h"

#include <cfenv>
#include <cfloat>
#include <cstdint>

#include "src/base/check.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace nncpp {

static_assert(FLT_EVAL_METHOD == 0, "floats must be computed as floats");

void SetFloatEnvironment() {
  std::fesetenv(FE_DFL_ENV);
#if defined(__x86_64__)
  _mm_setcsr(0x1F80);
#elif defined(__aarch64__)
  const uint64_t zero = 0;
  asm volatile("msr fpcr, %0" : : "r"(zero));
#endif
}

bool FloatEnvironmentIsDefault() {
#if defined(__x86_64__)
  if ((_mm_getcsr() & 0xFFC0u) != 0x1F80u) return false;
#endif
  const volatile float tiny = 0x1p-149f, one = 1.0f, half_ulp = 0x1p-24f;
  return tiny + tiny > tiny && one + half_ulp == one &&
         std::fegetround() == FE_TONEAREST;
}

void RequireFloatEnvironment() {
  SetFloatEnvironment();
  NNCPP_CHECK(FloatEnvironmentIsDefault());
}

}  // namespace nncpp
