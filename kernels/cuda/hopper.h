// kernels/cuda/hopper.h -- what device.h offers, and compute capability 9.0.
//
// Barriers that count bytes, copies of boxes, and products of a warpgroup: four
// consecutive warps, the first one's number a multiple of 4. All of it is for
// sm_90a alone. Source: PTX ISA, the sections named.
#pragma once

#include "kernels/cuda/device.h"
#include "kernels/cuda/tensor_map.h"

namespace nncpp::cuda {

inline constexpr int kWarpgroup = 4 * kLanes;
inline constexpr int64_t kMostHopperBytes = 227 << 10;  // a block can have

// Where in shared memory p is.
__device__ __forceinline__ uint32_t SharedAddress(const void* p) {
#ifdef NNCPP_CUDA_EMULATED
  return emulation::SharedAddress(p);
#else
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
#endif
}

// The first T in the block's shared memory that lies at a multiple of kAlign
// bytes; the launch names kAlign - 16 bytes more than T has.
template <typename T, int kAlign>
__device__ __forceinline__ T& AlignedShared() {
  auto& bytes = Shared<unsigned char>();
  const uint32_t beyond = SharedAddress(&bytes) % kAlign;
  return *reinterpret_cast<T*>(&bytes + (kAlign - beyond) % kAlign);
}

// From now on each thread of this warpgroup has kCount registers: more, which
// waits until others gave them, or fewer. By all of the warpgroup.
// (PTX ISA, setmaxnreg.)
template <int kCount>
__device__ __forceinline__ void TakeRegisters() {
#ifndef NNCPP_CUDA_EMULATED
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kCount));
#endif
}
template <int kCount>
__device__ __forceinline__ void GiveRegisters() {
#ifndef NNCPP_CUDA_EMULATED
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kCount));
#endif
}

// ---- barriers ---------------------------------------------------------------

// In shared memory. A phase ends when all arrivals of a phase and all bytes
// expected in it are there; the next one begins then. Phases are numbered from
// 0; their parity is that of the number. (PTX ISA, mbarrier.)
struct Barrier {
  uint64_t state;
};

__device__ __forceinline__ void InitBarrier(Barrier* barrier, int arrivals) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::InitBarrier(&barrier->state, arrivals);
#else
  asm volatile(
      "mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(SharedAddress(barrier)),
      "r"(arrivals)
      : "memory");
#endif
}

// By the thread that made barriers, before the __syncthreads after which all
// others, and copies, may use them.
__device__ __forceinline__ void ShowBarriers() {
#ifdef NNCPP_CUDA_EMULATED
  emulation::ShowBarriers();
#else
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

__device__ __forceinline__ void Arrive(Barrier* barrier) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::Arrive(&barrier->state, 0);
#else
  asm volatile(
      "mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(SharedAddress(barrier))
      : "memory");
#endif
}

// Arrives, and this phase expects `bytes` bytes of copies more.
__device__ __forceinline__ void ArriveExpecting(Barrier* barrier, int bytes) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::Arrive(&barrier->state, bytes);
#else
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   SharedAddress(barrier)),
               "r"(bytes)
               : "memory");
#endif
}

// Until the phase before the present one is of this parity. So the first phase
// of parity 1 "before" the first of all is over from the start.
__device__ __forceinline__ void WaitForPhase(Barrier* barrier,
                                             unsigned parity) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::WaitForPhase(&barrier->state, parity);
#else
  const uint32_t address = SharedAddress(barrier);
  uint32_t over = 0;
  while (over == 0) {
    asm volatile(
        "{ .reg .pred p; "
        "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; "
        "selp.u32 %0, 1, 0, p; }"
        : "=r"(over)
        : "r"(address), "r"(parity)
        : "memory");
  }
#endif
}

// ---- copies -----------------------------------------------------------------

// Starts the copy of the box of `map` that begins at (k, row) of operand number
// `batch`; its bytes arrive at `barrier`, those outside of the operand too.
// REQUIRES: `to` at a multiple of 1024 bytes. By one thread.
// (PTX ISA, cp.async.bulk.tensor.)
__device__ __forceinline__ void StartBoxCopy(void* to, const TensorMap& map,
                                             int k, int row, int batch,
                                             Barrier* barrier) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::StartBoxCopy(to, map, k, row, batch, &barrier->state);
#else
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile"
      ".mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4}], [%5];" ::"r"(
          SharedAddress(to)),
      "l"(&map), "r"(k), "r"(row), "r"(batch), "r"(SharedAddress(barrier))
      : "memory");
#endif
}

// ---- products ---------------------------------------------------------------

// Names rows of kBoxDepth halves as StartBoxCopy lays them out, from one at a
// multiple of 1024 bytes; kDescriptorStep more names those from k = 16 on.
// (PTX ISA, wgmma, Matrix descriptor: in units of 16 bytes the address, the
// leading offset, which this layout does not use, and at bit 32 the distance of
// two groups of 8 rows; at bit 62 the swizzle of 128 bytes.)
inline constexpr uint64_t kDescriptorStep = 16 * sizeof(HalfBits) / 16;
__device__ __forceinline__ uint64_t DescriptorOf(const HalfBits* rows) {
  constexpr uint64_t kEightRows = 8 * kBoxDepth * sizeof(HalfBits) / 16;
  return uint64_t{(SharedAddress(rows) & 0x3FFFF) / 16} | uint64_t{1} << 16 |
         kEightRows << 32 | uint64_t{1} << 62;
}

// Before the first product, and between what touches d otherwise and a product.
// By all of the warpgroup. (PTX ISA, wgmma.fence.)
__device__ __forceinline__ void FenceProducts() {
#ifdef NNCPP_CUDA_EMULATED
  emulation::FenceProducts();
#else
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

// The operands d[first], ... of an asm statement.
#define NNCPP_SUMS_4(first)                                   \
  "+f"(d[first]), "+f"(d[(first) + 1]), "+f"(d[(first) + 2]), \
      "+f"(d[(first) + 3])
#define NNCPP_SUMS_16(first)                                                 \
  NNCPP_SUMS_4(first), NNCPP_SUMS_4((first) + 4), NNCPP_SUMS_4((first) + 8), \
      NNCPP_SUMS_4((first) + 12)
#define NNCPP_SUMS_64(first)                         \
  NNCPP_SUMS_16(first), NNCPP_SUMS_16((first) + 16), \
      NNCPP_SUMS_16((first) + 32), NNCPP_SUMS_16((first) + 48)

// d = a b', or d += a b' if `add`, from 64 x 16 and N x 16 halves, float
// accumulators; N is 128 or 256. Starts it: neither d nor shared memory may be
// touched before WaitForProducts. By all of the warpgroup. With the warp w of
// the group, g = lane / 4 and t = lane % 4, d[i] is row 16 w + g + i / 2 % 2 *
// 8, column i / 4 * 8 + 2 t + i % 2. (PTX ISA, wgmma.mma_async, m64nNk16.)
inline constexpr int kProductRows = 64;
__device__ __forceinline__ void MultiplyRows(
    float (&d)[kProductRows * 128 / kWarpgroup], uint64_t a, uint64_t b,
    bool add) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::MultiplyRows(128, d, a, b, add);
#else
  asm volatile(
      "{ .reg .pred p; setp.ne.b32 p, %66, 0; "
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, "
      "%15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, "
      "%28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, "
      "%41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
      "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "%64, %65, p, 1, 1, 0, 0; }"
      : NNCPP_SUMS_64(0)
      : "l"(a), "l"(b), "r"(static_cast<int>(add)));
#endif
}
__device__ __forceinline__ void MultiplyRows(
    float (&d)[kProductRows * 256 / kWarpgroup], uint64_t a, uint64_t b,
    bool add) {
#ifdef NNCPP_CUDA_EMULATED
  emulation::MultiplyRows(256, d, a, b, add);
#else
  asm volatile(
      "{ .reg .pred p; setp.ne.b32 p, %130, 0; "
      "wgmma.mma_async.sync.aligned.m64n256k16.f32.f16.f16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, "
      "%15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, "
      "%28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, "
      "%41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
      "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, "
      "%67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
      "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, "
      "%93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, "
      "%105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, "
      "%116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, "
      "%127}, "
      "%128, %129, p, 1, 1, 0, 0; }"
      : NNCPP_SUMS_64(0), NNCPP_SUMS_64(64)
      : "l"(a), "l"(b), "r"(static_cast<int>(add)));
#endif
}

// Ends a group of products.
__device__ __forceinline__ void CommitProducts() {
#ifdef NNCPP_CUDA_EMULATED
  emulation::CommitProducts();
#else
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

// Waits for all groups but the last kGroupsLeft. By all of the warpgroup.
template <int kGroupsLeft>
__device__ __forceinline__ void WaitForProducts() {
#ifdef NNCPP_CUDA_EMULATED
  emulation::WaitForProducts(kGroupsLeft);
#else
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kGroupsLeft)
               : "memory");
#endif
}

// Waits for all groups; d can be read afterwards.
template <int kSums>
__device__ __forceinline__ void WaitForProducts(
    [[maybe_unused]] float (&d)[kSums]) {
  WaitForProducts<0>();
#ifndef NNCPP_CUDA_EMULATED
  // The compiler moves nothing that reads d to before the wait.
  NNCPP_UNROLL
  for (float& sum : d) asm volatile("" : "+f"(sum)::"memory");
#endif
}

}  // namespace nncpp::cuda
