// tests/support/hopper_emulation.h -- barriers, copies of boxes and products of
// a warpgroup, on the CPU.
//
// Part of cuda_emulation.h; contracts: kernels/cuda/hopper.h. A broken rule
// aborts: a barrier used before it was made or shown, a wait that never ends, a
// product that not all lanes of a warp start alike, that was not fenced or is
// never waited for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nncpp::emulation {

// Shared memory begins at a drawn multiple of 16 bytes.
uint32_t SharedAddress(const void* p);

void InitBarrier(uint64_t* barrier, int arrivals);
void ShowBarriers();
void Arrive(uint64_t* barrier, int expected_bytes);
void WaitForPhase(uint64_t* barrier, unsigned parity);

// Boxes of 64 halves by `box_rows` rows. A copy is made at any time after its
// start, as drawn among the threads that can go on.
struct TensorMap {
  const uint16_t* data;
  int64_t depth, rows, count;
  int box_rows;
};
void StartBoxCopy(void* to, const TensorMap& map, int k, int row, int batch,
                  uint64_t* barrier);

// A thread's share in a product is computed at once or by the wait, as drawn,
// in the order of their starts; what shared memory holds then counts.
void FenceProducts();
void MultiplyRows(int cols, float* sums, uint64_t left, uint64_t right,
                  bool add);
void CommitProducts();
void WaitForProducts(int groups_left);

}  // namespace nncpp::emulation
