// tests/support/emulated_machine.h -- what an emulated device consists of.
//
// For cuda_emulation.cc and hopper_emulation.cc alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "tests/support/cuda_emulation.h"
#include "tests/support/fiber.h"

namespace nncpp::emulation {

inline constexpr int kWarp = 32;
inline constexpr unsigned kMostThreads = 1024;
inline constexpr unsigned kMostGridRows = 65535;  // along y and z
// Of 9.0; what other devices have is kept by kernels/cuda/device.h.
inline constexpr size_t kMostSharedBytes = 227 << 10;

struct Copy {
  void* to;
  const void* from;
  size_t bytes;
};

// A thread's share in a product of its warpgroup that is under way.
struct Product {
  int cols;
  float* sums;
  uint64_t left, right;  // descriptors
  bool add;
};

// A copy of a box that is under way, of no thread.
struct BoxCopy {
  void* to;
  TensorMap map;
  int k, row, batch;
  uint64_t* barrier;
};

// A barrier in shared memory. What is at its address stands for it only.
struct SharedBarrier {
  int arrivals = 0;   // of each phase
  int missing = 0;    // of this phase
  int64_t bytes = 0;  // expected in this phase and not there yet
  unsigned phase = 0;
  bool shown = false;
  std::vector<unsigned> waiting;  // threads
};

// One thread of the block that runs.
struct Thread {
  dim3 index;
  unsigned number = 0;  // within the block
  bool done = false;
  unsigned exchanges = 0;
  std::vector<std::vector<Copy>> copies;       // groups, the last one open
  std::vector<std::vector<Product>> products;  // the same
  bool fenced = false;  // whether products may use its registers
  std::unique_ptr<testing::Fiber> fiber;
};

struct Warp {
  // Two rounds: a lane may give to the next while others still read this one.
  alignas(16) std::byte given[2][kWarp * kExchangeBytes];
  int waiting = 0;
};

using Memory = std::map<const std::byte*, size_t>;  // bytes by address

struct Machine {
  uint64_t state = 1;
  bool block_barriers = true;
  const std::function<void()>* kernel = nullptr;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<unsigned> ready;  // numbers of threads that can go on
  unsigned block_threads = 0;
  unsigned at_barrier = 0;
  Thread* current = nullptr;
  std::vector<std::byte> shared;
  uint32_t shared_address = 0;  // where shared memory begins
  std::map<const uint64_t*, SharedBarrier> barriers;
  std::vector<BoxCopy> boxes;
  Memory device, pinned;
  std::deque<std::function<void()>> submitted;
  void* captured = nullptr;  // the stream that is recorded
  std::vector<std::function<void()>> graph;

  // xorshift64*: any fixed generator will do.
  uint64_t Draw() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Du;
  }
  uint64_t Below(uint64_t n) { return (Draw() >> 32) * n >> 32; }
};

Machine& TheMachine();

// Lets the current thread wait until another one makes it ready.
void Wait();

// Does the copy of box number `i` of those under way, whose bytes arrive.
void FinishBox(size_t i);

float FloatFromHalf(uint32_t half);

}  // namespace nncpp::emulation
