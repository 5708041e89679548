// tests/support/simde_lacks.h -- intrinsics that SIMDe 0.7.4 does not have.
#pragma once

#include <simde/x86/avx512.h>

#if !defined(_mm512_cvtepi32_ps)
namespace nncpp::testing {

__attribute__((always_inline)) inline simde__m512 Mm512CvtEpi32Ps(
    simde__m512i v) {
  simde__m512i_private in = simde__m512i_to_private(v);
  simde__m512_private out;
  for (int i = 0; i < 16; ++i) out.f32[i] = static_cast<float>(in.i32[i]);
  return simde__m512_from_private(out);
}

}  // namespace nncpp::testing
#define _mm512_cvtepi32_ps(v) ::nncpp::testing::Mm512CvtEpi32Ps(v)
#endif
