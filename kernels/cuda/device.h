// kernels/cuda/device.h -- what kernels are written with, and their launch.
//
// All that a kernel needs beyond C++, threadIdx and the like, __syncthreads,
// shuffles of a whole warp and integer atomics is here. The same sources
// compile as plain C++ against tests/support/cuda_emulation.h, which then
// stands before everything else; so a new primitive needs a twin there.
#pragma once

#include <cstddef>
#include <cstdint>
#ifndef NNCPP_CUDA_EMULATED
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#endif

#include "kernels/cuda/check.h"
#include "kernels/cuda/times.h"
#include "kernels/numerics.h"

// NNCPP_UNROLL stands before a loop of constant length over registers: an array
// that is indexed at run time would lie in memory. NNCPP_UNROLL_BY has the
// loads of several turns under way at once.
#ifdef NNCPP_CUDA_EMULATED
#define NNCPP_UNROLL
#define NNCPP_UNROLL_BY(turns)
#else
#define NNCPP_PRAGMA(text) _Pragma(#text)
#define NNCPP_UNROLL NNCPP_PRAGMA(unroll)
#define NNCPP_UNROLL_BY(turns) NNCPP_PRAGMA(unroll turns)
#endif

namespace nncpp::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffu;
// What a block can have everywhere; Processor has what one device gives.
inline constexpr int64_t kMostSharedBytes = 96 << 10;

// The bits of a half. Quantised operands are integers of magnitude at most
// 2048, which halves hold exactly.
using HalfBits = uint16_t;

__device__ __forceinline__ HalfBits HalfFromInteger(int32_t q) {
#ifdef NNCPP_CUDA_EMULATED
  return emulation::HalfFromInteger(q);
#else
  return __half_as_ushort(__int2half_rn(q));
#endif
}

__device__ __forceinline__ int32_t IntegerFromHalf(HalfBits half) {
#ifdef NNCPP_CUDA_EMULATED
  return emulation::IntegerFromHalf(half);
#else
  return __half2int_rn(__ushort_as_half(half));
#endif
}

// d += a b, 16 x 8 += 16 x 16 times 16 x 8, halves with float accumulators,
// by a whole warp. With g = lane / 4 and t = lane % 4, a lane holds (low half
// first)
//   a[0], a[1]  rows g and g + 8, columns 2t and 2t + 1
//   a[2], a[3]  the same rows, columns 2t + 8 and 2t + 9
//   b[0]        rows 2t and 2t + 1, column g
//   b[1]        rows 2t + 8 and 2t + 9, column g
//   d[0], d[1]  row g, columns 2t and 2t + 1; d[2], d[3] row g + 8
// Source: PTX ISA, mma.m16n8k16.
__device__ __forceinline__ void Multiply16x8x16(float (&d)[4],
                                                const uint32_t (&a)[4],
                                                const uint32_t (&b)[2]) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::Multiply16x8x16(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// 16 bytes that move in one piece.
struct alignas(16) Words4 {
  uint32_t word[4];
};

// Starts a copy of 16 bytes from global to shared memory; zeros where `valid`
// is false, and nothing is read then. Copies are seen by this thread after
// WaitForCopies, by others after a barrier that follows it.
__device__ __forceinline__ void StartCopy(Words4* to, const Words4* from,
                                          bool valid) {
#ifdef NNCPP_CUDA_EMULATED
  static const Words4 zeros = {};
  emulation::StartCopy(to, valid ? from : &zeros, sizeof(Words4));
#else
  const auto shared = static_cast<uint32_t>(__cvta_generic_to_shared(to));
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared),
               "l"(from), "r"(bytes)
               : "memory");
#endif
}

// Ends a group of copies, which may be empty.
__device__ __forceinline__ void CommitCopies() {
#ifdef NNCPP_CUDA_EMULATED
  emulation::CommitCopies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits for all groups of this thread but the last kGroupsLeft.
template <int kGroupsLeft>
__device__ __forceinline__ void WaitForCopies() {
#ifdef NNCPP_CUDA_EMULATED
  emulation::WaitForCopies(kGroupsLeft);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(kGroupsLeft) : "memory");
#endif
}

// The block's shared memory, of the type whose size the launch named.
template <typename T>
__device__ __forceinline__ T& Shared() {
#ifdef NNCPP_CUDA_EMULATED
  return *static_cast<T*>(emulation::SharedBytes());
#else
  extern __shared__ __align__(16) unsigned char shared_bytes[];
  return *reinterpret_cast<T*>(shared_bytes);
#endif
}

// ---- launching -------------------------------------------------------------

inline unsigned Blocks(int64_t count, int64_t per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

// Threads of a block with work for `count` of them: whole warps, from `least`
// to `most`.
inline unsigned Threads(int64_t count, int64_t least, int64_t most) {
  const int64_t warps = (count + kLanes - 1) / kLanes * kLanes;
  return static_cast<unsigned>(warps < least  ? least
                               : warps > most ? most
                                              : warps);
}

// Starts kernel(arguments...) on `stream` with `shared_bytes` of shared
// memory a block.
template <typename... Parameters, typename... Arguments>
void LaunchPlainly(void (*kernel)(Parameters...), dim3 grid, dim3 block,
                   int64_t shared_bytes, cudaStream_t stream,
                   Arguments... arguments) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::Submit(stream, [=] {
    emulation::RunGrid(grid, block, static_cast<size_t>(shared_bytes),
                       [&] { kernel(Parameters(arguments)...); });
  });
#else
  constexpr int64_t kWithoutAsking = 48 << 10;
  if (shared_bytes > kWithoutAsking) {
    // Never less than before: a graph may hold launches with more.
    cudaFuncAttributes now = {};
    NNCPP_CUDA_CHECK(cudaFuncGetAttributes(&now, kernel));
    if (shared_bytes > now.maxDynamicSharedSizeBytes) {
      NNCPP_CUDA_CHECK(cudaFuncSetAttribute(
          kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
          static_cast<int>(shared_bytes)));
    }
  }
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = static_cast<size_t>(shared_bytes);
  config.stream = stream;
  NNCPP_CUDA_CHECK(
      cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
  NNCPP_CUDA_CHECK(cudaGetLastError());
#endif
}

// The same, and the time it takes where a developer asks for it.
template <typename... Parameters, typename... Arguments>
void Launch(void (*kernel)(Parameters...), dim3 grid, dim3 block,
            int64_t shared_bytes, cudaStream_t stream, Arguments... arguments) {
  KernelTimes* const times = KernelTimes::Of(stream);
  if (times != nullptr) times->Begin();
  LaunchPlainly(kernel, grid, block, shared_bytes, stream, arguments...);
  if (times != nullptr) times->End(reinterpret_cast<const void*>(kernel));
}

}  // namespace nncpp::cuda
