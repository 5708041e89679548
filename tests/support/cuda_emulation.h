// tests/support/cuda_emulation.h -- CUDA's language and run time, on the CPU.
//
// Stands before everything else of a kernels/cuda/*.cu that g++ or clang++
// compiles as C++ (-include). A block's threads run as fibers of one host
// thread. A fiber runs until it waits for others or ends; which one runs next
// is drawn from a seed. So a missing barrier shows as results that differ
// between seeds, and every run is the same again for the same seed.
//
// Blocks of a grid run in a drawn order, one after the other. Operations of a
// stream, and those of a graph that is launched, are done in call order, but
// some time between call and wait, as drawn: so a missing wait shows as well.
// Those without a stream are done at once. A broken rule aborts: a block
// barrier that some thread never reaches, a warp operation without all 32
// lanes, a grid that no device would start, a wait or an allocation while a
// graph is recorded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#define NNCPP_CUDA_EMULATED 1

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __grid_constant__

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_, unsigned y_ = 1, unsigned z_ = 1)
      : x(x_), y(y_), z(z_) {}
  constexpr dim3() = default;
};

// Those of the fiber that runs.
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace nncpp::emulation {

// Draws all orders from `seed` from now on.
void Seed(uint64_t seed);

// Whether Sync lets go at once, as if the barrier were not there. For the test
// that shows what a missing barrier does.
void LeaveOutBarriers(bool leave_out);

// Runs `thread` once for each thread of the grid.
void RunGrid(dim3 grid, dim3 block, size_t shared_bytes,
             const std::function<void()>& thread);

// Does `work` by the time that Finish is called; while the stream is recorded,
// when the graph is launched.
void Submit(void* stream, const std::function<void()>& work);
void Finish();  // all that was submitted
void BeginCapture(void* stream);
std::vector<std::function<void()>> EndCapture(void* stream);
bool IsCapturing();
void RefuseCapture();  // aborts while a stream is recorded

// The dynamic shared memory of the block: of the size asked for, filled with
// drawn bytes before each block.
void* SharedBytes();

// All threads of the block wait for one another.
void Sync();

// What lanes of a warp tell each other. Every lane gives `bytes` bytes (at
// most kExchangeBytes) and gets the warp's: lane l's at l * kExchangeBytes of
// the result, which stays until the lane's next exchange.
inline constexpr size_t kExchangeBytes = 48;
const std::byte* Exchange(const void* mine, size_t bytes);
int Lane();

// Copies that are under way until they are waited for: each is made at once
// or by the wait, as drawn. Addresses are multiples of `bytes`.
void StartCopy(void* to, const void* from, size_t bytes);
void CommitCopies();
void WaitForCopies(int groups_left);

template <typename T>
T FromLane(T value, int lane) {
  const std::byte* all = Exchange(&value, sizeof(T));
  T result;
  std::memcpy(&result, all + static_cast<size_t>(lane) * kExchangeBytes,
              sizeof(T));
  return result;
}

// Device memory: what is there (0 bytes: no longer), and that an address is in
// it, or is not.
void NoteMemory(void* p, size_t bytes);
void CheckMemory(const void* p, bool on_device);

// The same of the host's pinned memory. A copy from it reads it when it is
// done; one from other memory, when it is called.
void NotePinned(void* p, size_t bytes);
void SubmitCopy(void* to, const void* from, size_t bytes, void* stream);

// d += a b with the fragments of PTX's mma.m16n8k16 (kernels/cuda/device.h).
void Multiply16x8x16(float (&d)[4], const uint32_t (&a)[4],
                     const uint32_t (&b)[2]);

// Halves that hold integers of magnitude at most 2048; aborts on others.
uint16_t HalfFromInteger(int32_t q);
int32_t IntegerFromHalf(uint16_t half);

}  // namespace nncpp::emulation

// ---- the language ----------------------------------------------------------

inline void __syncthreads() { nncpp::emulation::Sync(); }
inline void __syncwarp() { nncpp::emulation::Exchange(nullptr, 0); }

template <typename T>
T __shfl_down_sync(unsigned, T value, int delta) {
  const int lane = nncpp::emulation::Lane();
  return nncpp::emulation::FromLane(value,
                                    lane + delta < 32 ? lane + delta : lane);
}
template <typename T>
T __shfl_sync(unsigned, T value, int lane) {
  return nncpp::emulation::FromLane(value, lane);
}
template <typename T>
T __shfl_up_sync(unsigned, T value, unsigned delta) {
  const int lane = nncpp::emulation::Lane();
  const int from = lane - static_cast<int>(delta);
  return nncpp::emulation::FromLane(value, from < 0 ? lane : from);
}
template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return nncpp::emulation::FromLane(value, nncpp::emulation::Lane() ^ mask);
}

template <typename T>
T atomicAdd(T* address, T value) {
  const T before = *address;
  *address = before + value;
  return before;
}
template <typename T>
T atomicMax(T* address, T value) {
  const T before = *address;
  if (before < value) *address = value;
  return before;
}

// ---- the run time -----------------------------------------------------------

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorNoDevice = 100,
};
enum cudaMemcpyKind {
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
};
using cudaStream_t = void*;

struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount;
  size_t sharedMemPerBlockOptin;
};

inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "no error";
}
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
// Few multiprocessors, so that results of moderate size fill them.
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) {
  *p = {"emulated", 9, 0, 2, size_t{227} << 10};
  return cudaSuccess;
}
inline constexpr unsigned cudaStreamNonBlocking = 1;
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = std::malloc(1);
  return cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  nncpp::emulation::Finish();
  std::free(stream);
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) {
  nncpp::emulation::RefuseCapture();
  nncpp::emulation::Finish();
  return cudaSuccess;
}

// ---- events: the host's time

using cudaEvent_t = std::chrono::steady_clock::time_point*;
inline cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new std::chrono::steady_clock::time_point();
  return cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  nncpp::emulation::RefuseCapture();
  nncpp::emulation::Submit(
      stream, [event] { *event = std::chrono::steady_clock::now(); });
  return cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return cudaStreamSynchronize(nullptr);
}
inline cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t begin,
                                        cudaEvent_t end) {
  *ms = std::chrono::duration<float, std::milli>(*end - *begin).count();
  return cudaSuccess;
}

// ---- graphs

using cudaGraph_t = std::vector<std::function<void()>>*;
using cudaGraphExec_t = cudaGraph_t;
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
enum cudaStreamCaptureStatus {
  cudaStreamCaptureStatusNone = 0,
  cudaStreamCaptureStatusActive = 1,
};
inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream,
                                          cudaStreamCaptureMode) {
  nncpp::emulation::BeginCapture(stream);
  return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream,
                                        cudaGraph_t* graph) {
  *graph = new auto(nncpp::emulation::EndCapture(stream));
  return cudaSuccess;
}
inline cudaError_t cudaStreamIsCapturing(cudaStream_t,
                                         cudaStreamCaptureStatus* status) {
  *status = nncpp::emulation::IsCapturing() ? cudaStreamCaptureStatusActive
                                            : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec,
                                        cudaGraph_t graph, unsigned) {
  *exec = new auto(*graph);
  return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  nncpp::emulation::RefuseCapture();
  for (const auto& work : *exec) nncpp::emulation::Submit(stream, work);
  return cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}

// ---- memory

// A device of 1 GiB. Each allocation is one of the host's, so that the address
// sanitizer sees what lies beyond it; a copy between memories of another kind
// than it names aborts.
inline constexpr size_t kEmulatedMemory = size_t{1} << 30;

inline cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = *total = kEmulatedMemory;
  return cudaSuccess;
}
inline constexpr size_t kEmulatedAlignment = 256;
inline cudaError_t cudaMalloc(void** p, size_t bytes) {
  nncpp::emulation::RefuseCapture();
  *p = nullptr;
  if (bytes > kEmulatedMemory ||
      ::posix_memalign(p, kEmulatedAlignment, bytes) != 0) {
    return cudaErrorMemoryAllocation;
  }
  std::memset(*p, 0x5A, bytes);
  nncpp::emulation::NoteMemory(*p, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaFree(void* p) {
  nncpp::emulation::Finish();
  nncpp::emulation::NoteMemory(p, 0);
  std::free(p);
  return cudaSuccess;
}
inline cudaError_t cudaMallocHost(void** p, size_t bytes) {
  *p = std::malloc(bytes);
  if (*p == nullptr) return cudaErrorMemoryAllocation;
  nncpp::emulation::NotePinned(*p, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaFreeHost(void* p) {
  nncpp::emulation::NotePinned(p, 0);
  std::free(p);
  return cudaSuccess;
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes,
                                   cudaMemcpyKind kind, cudaStream_t stream) {
  nncpp::emulation::CheckMemory(to, kind != cudaMemcpyDeviceToHost);
  nncpp::emulation::CheckMemory(from, kind != cudaMemcpyHostToDevice);
  nncpp::emulation::SubmitCopy(to, from, bytes, stream);
  return cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* p, int value, size_t bytes,
                                   cudaStream_t stream) {
  nncpp::emulation::CheckMemory(p, true);
  nncpp::emulation::Submit(stream, [=] { std::memset(p, value, bytes); });
  return cudaSuccess;
}
inline cudaError_t cudaMemset2DAsync(void* p, size_t pitch, int value,
                                     size_t width, size_t height,
                                     cudaStream_t stream) {
  nncpp::emulation::CheckMemory(p, true);
  nncpp::emulation::Submit(stream, [=] {
    for (size_t row = 0; row < height; ++row) {
      std::memset(static_cast<char*>(p) + row * pitch, value, width);
    }
  });
  return cudaSuccess;
}

// What came with compute capability 9.0.
#include "tests/support/hopper_emulation.h"
