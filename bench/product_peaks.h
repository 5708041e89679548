// bench/product_peaks.h -- what the instructions of a product reach at most.
//
// Loops of nothing but the instruction, on enough independent sums to hide its
// latency. Assembly, because a compiler would lift a repeated product out.
#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include "bench/product_operands.h"

namespace nncpp::bench {

// Gop/s of `loop`, which does `ops` operations in each of the rounds it is
// told to do: the best of several tries, as a limit should be.
template <typename Loop>
double Peak(Loop loop, double ops) {
  constexpr int64_t kRounds = 100000;
  double best = 0;
  for (int i = 0; i < 15; ++i) {
    const double start = Seconds();
    loop(kRounds);
    const double rate = ops * kRounds / (Seconds() - start) * 1e-9;
    best = best < rate ? rate : best;
  }
  return best;
}

// 12 products, each added to its own sum.
inline void MaddLoop(int64_t rounds) {
#define NNCPP_MADD(t, s)               \
  "vpmaddwd %%ymm15, %%ymm14, %%ymm" t \
  "\n\t"                               \
  "vpaddd %%ymm" t ", %%ymm" s ", %%ymm" s "\n\t"
  asm volatile(
      "1:\n\t"  //
      NNCPP_MADD("12", "0") NNCPP_MADD("13", "1") NNCPP_MADD("12", "2")
          NNCPP_MADD("13", "3") NNCPP_MADD("12", "4") NNCPP_MADD("13", "5")
              NNCPP_MADD("12", "6") NNCPP_MADD("13", "7") NNCPP_MADD("12", "8")
                  NNCPP_MADD("13", "9") NNCPP_MADD("12", "10")
                      NNCPP_MADD("13", "11") "dec %0\n\t"
                                             "jnz 1b\n\t"
                                             "vzeroupper"
      : "+r"(rounds)
      :
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#undef NNCPP_MADD
}

// 12 fused multiply-adds of 8 floats.
inline void FmaLoop(int64_t rounds) {
#define NNCPP_FMA(s) "vfmadd231ps %%ymm15, %%ymm14, %%ymm" s "\n\t"
  asm volatile(
      "vxorps %%ymm14, %%ymm14, %%ymm14\n\t"
      "vxorps %%ymm15, %%ymm15, %%ymm15\n\t"
      "1:\n\t"  //
      NNCPP_FMA("0") NNCPP_FMA("1") NNCPP_FMA("2") NNCPP_FMA("3") NNCPP_FMA("4")
          NNCPP_FMA("5") NNCPP_FMA("6") NNCPP_FMA("7") NNCPP_FMA("8")
              NNCPP_FMA("9") NNCPP_FMA("10") NNCPP_FMA("11") "dec %0\n\t"
                                                             "jnz 1b\n\t"
                                                             "vzeroupper"
      : "+r"(rounds)
      :
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15");
#undef NNCPP_FMA
}

// 12 times vpdpwssd (or a 512-bit multiply-add of floats).
#define NNCPP_WIDE_LOOP(name, instruction)                              \
  inline void name(int64_t rounds) {                                    \
    asm volatile(                                                       \
        "vpxord %%zmm14, %%zmm14, %%zmm14\n\t"                          \
        "vpxord %%zmm15, %%zmm15, %%zmm15\n\t"                          \
        "1:\n\t"                                                        \
        ".irp s, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n\t" instruction  \
        " %%zmm15, %%zmm14, %%zmm\\s\n\t"                               \
        ".endr\n\t"                                                     \
        "dec %0\n\t"                                                    \
        "jnz 1b\n\t"                                                    \
        "vzeroupper"                                                    \
        : "+r"(rounds)                                                  \
        :                                                               \
        : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
          "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15");  \
  }
NNCPP_WIDE_LOOP(WideDotLoop, "vpdpwssd")
NNCPP_WIDE_LOOP(WideFmaLoop, "vfmadd231ps")
#undef NNCPP_WIDE_LOOP

// Reads every cache line: the least time a product spends on its weights.
inline void ReadAll(const void* data, int64_t bytes) {
  const auto* p = static_cast<const char*>(data);
  const char* end = p + bytes / 256 * 256;
  if (__builtin_cpu_supports("avx2")) {
    asm volatile(
        "1:\n\t"
        "vmovdqa (%0), %%ymm0\n\t"
        "vmovdqa 32(%0), %%ymm1\n\t"
        "vmovdqa 64(%0), %%ymm2\n\t"
        "vmovdqa 96(%0), %%ymm3\n\t"
        "vmovdqa 128(%0), %%ymm0\n\t"
        "vmovdqa 160(%0), %%ymm1\n\t"
        "vmovdqa 192(%0), %%ymm2\n\t"
        "vmovdqa 224(%0), %%ymm3\n\t"
        "add $256, %0\n\t"
        "cmp %1, %0\n\t"
        "jb 1b\n\t"
        "vzeroupper"
        : "+r"(p)
        : "r"(end)
        : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3");
  }
}

inline void PrintPeaks() {
  std::printf("peaks of this core, Gop/s:");
  if (__builtin_cpu_supports("avx2")) {
    std::printf(" vpmaddwd+vpaddd %.0f", Peak(MaddLoop, 12 * 32));
  }
  if (__builtin_cpu_supports("fma")) {
    std::printf(", fp32 FMA 256-bit %.0f", Peak(FmaLoop, 12 * 16));
  }
  if (__builtin_cpu_supports("avx512vnni")) {
    std::printf(", vpdpwssd %.0f", Peak(WideDotLoop, 12 * 64));
    std::printf(", fp32 FMA 512-bit %.0f", Peak(WideFmaLoop, 12 * 32));
  }
  std::printf("\nreading, GB/s:");
  for (const int64_t kib : {16, 256, 4096}) {
    const Int16Array data = NewInt16Array(kib * 512);
    const auto loop = [&](int64_t) {
      for (int i = 0; i < 20; ++i) ReadAll(data.get(), kib << 10);
    };
    std::printf(" %d KiB %.0f", static_cast<int>(kib),
                Peak(loop, 20.0 * static_cast<double>(kib << 10) / 100000));
  }
  std::printf("\n");
}

}  // namespace nncpp::bench
