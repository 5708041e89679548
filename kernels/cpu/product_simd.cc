// kernels/cpu/product_simd.cc -- the integer product, once per instruction set.
//
// Compiled three times, with -DNNCPP_FORM=Scalar, Avx2 or Avx512 and the flags
// of that instruction set. Nothing but the table leaves this file: an inline
// function shared with other files could be emitted here with instructions
// that the machine lacks, and the linker might choose that copy for everyone.
// Hence no functions of the standard library either.
#include "kernels/cpu/product.h"

#if !defined(NNCPP_FORM)
#error "compile with -DNNCPP_FORM=Scalar, Avx2 or Avx512"
#endif

// Unrolls the next loop. Sums must live in registers, so loops over them have
// to vanish; the compilers disagree on the spelling.
#define NNCPP_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define NNCPP_UNROLL(count) NNCPP_PRAGMA(unroll count)
#else
#define NNCPP_UNROLL(count) NNCPP_PRAGMA(GCC unroll count)
#endif

// Steps of a loop over vectors, which must not become calls even in a build
// for debugging: a call would pass vectors through memory, and g++ warns that
// 512-bit ones travel otherwise where AVX-512 is emulated.
#define NNCPP_INLINE __attribute__((always_inline)) inline

#if defined(NNCPP_FORM_SCALAR)
#include "kernels/cpu/product_scalar.h"
#else
#if defined(NNCPP_FORM_AVX2)
#include "kernels/cpu/vector_avx2.h"
#elif defined(NNCPP_FORM_AVX512)
#include "kernels/cpu/vector_avx512.h"
#else
#error "no such form"
#endif
#include "kernels/cpu/product_forward.h"
#include "kernels/cpu/product_outer.h"
#endif

#define NNCPP_JOIN_(a, b) a##b
#define NNCPP_JOIN(a, b) NNCPP_JOIN_(a, b)

namespace nncpp::cpu {

extern const ProductTable NNCPP_JOIN(kProduct, NNCPP_FORM);
const ProductTable NNCPP_JOIN(kProduct, NNCPP_FORM) = {Forward, Backward,
                                                       Gradient};

}  // namespace nncpp::cpu
