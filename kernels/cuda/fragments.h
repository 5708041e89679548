// kernels/cuda/fragments.h -- operands of tensor cores in pieces of 16 bytes.
//
// The tensor cores' fragments want k in a certain order among the lanes. As a
// sum of integers has no order, k is dealt out otherwise: a lane takes eight
// consecutive ones, which it loads in one piece of 16 bytes, and which serve
// two multiplications of depth 16. Both operands are dealt alike, so nothing
// has to be rearranged in shared memory or registers.
#pragma once

#include "kernels/cuda/device.h"

namespace nncpp::cuda {

inline constexpr int kDepth = 32;                // of k at a time
inline constexpr int kPieces = kDepth * 2 / 16;  // of 16 bytes, in a row
inline constexpr int kFragmentRows = 16, kFragmentCols = 8;

__device__ __forceinline__ const Words4* PiecesOf(const HalfBits* row) {
  return reinterpret_cast<const Words4*>(row);
}

// d += a b over kDepth, from the pieces of this lane's rows g and g + 8 of the
// left operand and row g of the right one.
__device__ __forceinline__ void MultiplyPieces(float (&d)[4], const Words4& low,
                                               const Words4& high,
                                               const Words4& right) {
  NNCPP_UNROLL
  for (int half = 0; half < 2; ++half) {
    const int w = 2 * half;
    const uint32_t a[4] = {low.word[w], high.word[w], low.word[w + 1],
                           high.word[w + 1]};
    const uint32_t b[2] = {right.word[w], right.word[w + 1]};
    Multiply16x8x16(d, a, b);
  }
}

}  // namespace nncpp::cuda
