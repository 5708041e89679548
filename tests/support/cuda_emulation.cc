// tests/support/cuda_emulation.cc -- contract: tests/support/cuda_emulation.h
#include "tests/support/cuda_emulation.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/numerics.h"
#include "src/base/check.h"
#include "tests/support/emulated_machine.h"

namespace nncpp::emulation {
namespace {

void Note(void* p, size_t bytes, Memory& memory) {
  memory.erase(static_cast<std::byte*>(p));
  if (bytes > 0) memory.emplace(static_cast<std::byte*>(p), bytes);
}

bool IsIn(const Memory& memory, const void* p) {
  const auto* const at = static_cast<const std::byte*>(p);
  auto part = memory.upper_bound(at);
  return part != memory.begin() &&
         at < (--part)->first + static_cast<int64_t>(part->second);
}

void RunThread() {
  Machine& m = TheMachine();
  (*m.kernel)();
  NNCPP_CHECK(m.current->copies.empty());  // each copy was waited for
  NNCPP_CHECK(m.current->products.empty());
  m.current->done = true;
}

void MakeThreads(unsigned count) {
  Machine& m = TheMachine();
  NNCPP_CHECK(count >= 1 && count <= kMostThreads);
  while (m.threads.size() < count) {
    m.threads.emplace_back().fiber =
        std::make_unique<testing::Fiber>(RunThread);
  }
  m.warps.resize((count + kWarp - 1) / kWarp);
}

void RunBlock(dim3 block, dim3 index) {
  Machine& m = TheMachine();
  m.block_threads = block.x * block.y * block.z;
  m.at_barrier = 0;
  m.ready.clear();
  m.barriers.clear();
  for (Warp& warp : m.warps) warp.waiting = 0;
  std::fill(m.shared.begin(), m.shared.end(),
            static_cast<std::byte>(m.Draw() >> 56));
  for (unsigned i = 0; i < m.block_threads; ++i) {
    Thread& t = m.threads[i];
    t.index = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    t.number = i;
    t.done = false;
    t.exchanges = 0;
    t.fenced = false;
    m.ready.push_back(i);
  }
  blockIdx = index;
  unsigned done = 0;
  while (!m.ready.empty() || !m.boxes.empty()) {
    NNCPP_CHECK(done < m.block_threads);  // somebody waits for each copy
    const auto at = m.Below(m.ready.size() + m.boxes.size());
    if (at >= m.ready.size()) {
      FinishBox(static_cast<size_t>(at) - m.ready.size());
      continue;
    }
    std::swap(m.ready[at], m.ready.back());
    m.current = &m.threads[m.ready.back()];
    m.ready.pop_back();
    threadIdx = m.current->index;
    m.current->fiber->Enter();
    done += m.current->done ? 1 : 0;
  }
  // Otherwise some wait for a barrier or a warp that others have left.
  NNCPP_CHECK(done == m.block_threads);
}

void FinishCopies(std::vector<Copy>& group) {
  for (const Copy& c : group) std::memcpy(c.to, c.from, c.bytes);
}

// The first of what was submitted.
void DoFirst() {
  auto& submitted = TheMachine().submitted;
  const std::function<void()> work = std::move(submitted.front());
  submitted.pop_front();
  work();
}

}  // namespace

Machine& TheMachine() {
  static Machine machine;
  return machine;
}

void Wait() { TheMachine().current->fiber->Leave(); }

// 1 + 5 + 10 bits. Only what a quantised operand holds: integers.
float FloatFromHalf(uint32_t half) {
  const uint32_t exponent = half >> 10 & 0x1F;
  if ((half & 0x7FFF) == 0) return 0;
  NNCPP_CHECK(exponent >= 15 && exponent <= 26);
  // The same number as a float: three more bits of exponent, thirteen of
  // fraction, another bias.
  return FloatFromBits((half & 0x8000) << 16 |
                       (((half & 0x7FFF) << 13) + (112u << 23)));
}

void Seed(uint64_t seed) {
  TheMachine().state = seed * 0x9E3779B97F4A7C15u | 1;
}

void LeaveOutBarriers(bool leave_out) {
  TheMachine().block_barriers = !leave_out;
}

void RunGrid(dim3 grid, dim3 block, size_t shared_bytes,
             const std::function<void()>& thread) {
  Machine& m = TheMachine();
  NNCPP_CHECK(m.current == nullptr);  // kernels launch no kernels
  NNCPP_CHECK(grid.x > 0 && grid.y > 0 && grid.z > 0);
  NNCPP_CHECK(grid.y <= kMostGridRows && grid.z <= kMostGridRows);
  NNCPP_CHECK(shared_bytes <= kMostSharedBytes);
  MakeThreads(block.x * block.y * block.z);
  m.kernel = &thread;
  gridDim = grid;
  blockDim = block;
  m.shared = std::vector<std::byte>(shared_bytes);
  m.shared_address = static_cast<uint32_t>(16 * m.Below(64));
  std::vector<dim3> blocks;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) blocks.emplace_back(x, y, z);
    }
  }
  while (!blocks.empty()) {
    std::swap(blocks[m.Below(blocks.size())], blocks.back());
    RunBlock(block, blocks.back());
    blocks.pop_back();
  }
  m.current = nullptr;
}

void Submit(void* stream, const std::function<void()>& work) {
  Machine& m = TheMachine();
  if (stream == nullptr) return work();
  if (m.captured == stream) {
    m.graph.push_back(work);
    return;
  }
  m.submitted.push_back(work);
  while (!m.submitted.empty() && m.Below(3) != 0) DoFirst();
}

void Finish() {
  while (!TheMachine().submitted.empty()) DoFirst();
}

void BeginCapture(void* stream) {
  RefuseCapture();
  TheMachine().captured = stream;
}

std::vector<std::function<void()>> EndCapture(void* stream) {
  Machine& m = TheMachine();
  NNCPP_CHECK(m.captured == stream);
  m.captured = nullptr;
  return std::exchange(m.graph, {});
}

bool IsCapturing() { return TheMachine().captured != nullptr; }

void RefuseCapture() { NNCPP_CHECK(!IsCapturing()); }

void* SharedBytes() { return TheMachine().shared.data(); }

void Sync() {
  Machine& m = TheMachine();
  if (!m.block_barriers) return;
  if (++m.at_barrier < m.block_threads) return Wait();
  m.at_barrier = 0;
  for (unsigned i = 0; i < m.block_threads; ++i) {
    if (i != m.current->number) m.ready.push_back(i);
  }
}

int Lane() { return static_cast<int>(TheMachine().current->number) % kWarp; }

const std::byte* Exchange(const void* mine, size_t bytes) {
  Machine& m = TheMachine();
  NNCPP_CHECK(bytes <= kExchangeBytes);
  Thread& self = *m.current;
  Warp& warp = m.warps[self.number / kWarp];
  std::byte* round = warp.given[self.exchanges++ % 2];
  const unsigned lane = self.number % kWarp;
  if (bytes > 0) std::memcpy(round + lane * kExchangeBytes, mine, bytes);
  if (++warp.waiting < kWarp) {
    Wait();
    return round;
  }
  warp.waiting = 0;
  const unsigned first = self.number - lane;
  for (unsigned i = first; i < first + kWarp; ++i) {
    if (i != self.number) m.ready.push_back(i);
  }
  return round;
}

void StartCopy(void* to, const void* from, size_t bytes) {
  Machine& m = TheMachine();
  for (const void* p : {static_cast<const void*>(to), from}) {
    NNCPP_CHECK(reinterpret_cast<uintptr_t>(p) % bytes == 0);
  }
  auto& groups = m.current->copies;
  if (groups.empty()) groups.emplace_back();
  if (m.Below(2) == 0) {
    std::memcpy(to, from, bytes);
  } else {
    groups.back().push_back({to, from, bytes});
  }
}

void CommitCopies() {
  auto& groups = TheMachine().current->copies;
  if (groups.empty()) groups.emplace_back();
  groups.emplace_back();
}

void WaitForCopies(int groups_left) {
  auto& groups = TheMachine().current->copies;
  while (std::ssize(groups) > groups_left + 1) {
    FinishCopies(groups.front());
    groups.erase(groups.begin());
  }
  if (groups_left == 0 && !groups.empty() && groups.front().empty()) {
    groups.clear();
  }
}

void NoteMemory(void* p, size_t bytes) { Note(p, bytes, TheMachine().device); }

void CheckMemory(const void* p, bool on_device) {
  NNCPP_CHECK(IsIn(TheMachine().device, p) == on_device);
}

void NotePinned(void* p, size_t bytes) { Note(p, bytes, TheMachine().pinned); }

void SubmitCopy(void* to, const void* from, size_t bytes, void* stream) {
  const Machine& m = TheMachine();
  const auto plain = [&m](const void* p) {
    return !IsIn(m.device, p) && !IsIn(m.pinned, p);
  };
  if (plain(from)) {
    RefuseCapture();
    const auto* const begin = static_cast<const std::byte*>(from);
    const std::vector<std::byte> now(begin, begin + bytes);
    Submit(stream, [to, now] { std::memcpy(to, now.data(), now.size()); });
    return;
  }
  Submit(stream, [=] { std::memcpy(to, from, bytes); });
  if (plain(to)) {
    RefuseCapture();
    Finish();
  }
}

void Multiply16x8x16(float (&d)[4], const uint32_t (&a)[4],
                     const uint32_t (&b)[2]) {
  float mine[12];
  for (int i = 0; i < 12; ++i) {
    const uint32_t word = i < 8 ? a[i / 2] : b[i / 2 - 4];
    mine[i] = FloatFromHalf(i % 2 == 0 ? word & 0xFFFF : word >> 16);
  }
  const std::byte* all = Exchange(mine, sizeof(mine));
  const auto of_lane = [all](int lane) {
    return reinterpret_cast<const float*>(all + lane * int{kExchangeBytes});
  };
  const int row = Lane() / 4 * 4, column = Lane() % 4 * 2;
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 16; ++k) {
      const int upper = k / 8, holder = k % 8 / 2;
      const float* left = of_lane(row + holder);
      const float* right = of_lane((column + i % 2) * 4 + holder);
      d[i] +=
          left[4 * upper + i / 2 * 2 + k % 2] * right[8 + 2 * upper + k % 2];
    }
    // Nobody promises the sign of a zero.
    if (d[i] == 0 && TheMachine().Below(2) == 0) d[i] = -0.0f;
  }
}

uint16_t HalfFromInteger(int32_t q) {
  if (q == 0) return 0;
  const auto magnitude = static_cast<uint32_t>(q < 0 ? -q : q);
  NNCPP_CHECK(magnitude <= 2048);
  const int top = 31 - __builtin_clz(magnitude);
  const uint32_t fraction =
      top > 10 ? magnitude >> (top - 10) : magnitude << (10 - top);
  return static_cast<uint16_t>((q < 0 ? 0x8000u : 0u) |
                               static_cast<uint32_t>(top + 15) << 10 |
                               (fraction & 0x3FF));
}

int32_t IntegerFromHalf(uint16_t half) {
  return static_cast<int32_t>(FloatFromHalf(half));
}

}  // namespace nncpp::emulation
