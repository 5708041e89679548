// tests/support/hopper_emulation.cc -- contract: hopper_emulation.h
#include "tests/support/hopper_emulation.h"

#include <cstring>
#include <utility>

#include "src/base/check.h"
#include "tests/support/emulated_machine.h"

namespace nncpp::emulation {
namespace {

constexpr int kBoxDepth = 64;             // halves: a row of 128 bytes
constexpr uint32_t kPatternBytes = 1024;  // after which the swizzle repeats

SharedBarrier& BarrierAt(uint64_t* at) {
  const auto found = TheMachine().barriers.find(at);
  NNCPP_CHECK(found != TheMachine().barriers.end());
  return found->second;
}

// Where the swizzle of 128 bytes puts what would be at `address`: the number of
// 16 bytes within a row of 128 is xored with that of the row. Source: PTX ISA,
// Swizzling modes.
std::byte* Swizzled(uint32_t address) {
  Machine& m = TheMachine();
  const uint32_t at = (address ^ (address >> 3 & 0x70)) - m.shared_address;
  NNCPP_CHECK(at < m.shared.size());
  return m.shared.data() + at;
}

void EndPhaseIfDone(SharedBarrier& barrier) {
  NNCPP_CHECK(barrier.missing >= 0);
  if (barrier.missing > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.missing = barrier.arrivals;
  auto& ready = TheMachine().ready;
  ready.insert(ready.end(), barrier.waiting.begin(), barrier.waiting.end());
  barrier.waiting.clear();
}

// 16 halves of a row of a matrix, in two pieces of 16 bytes. Source: PTX ISA,
// wgmma, Matrix descriptor and K-major layouts: groups of 8 rows lie the stride
// offset apart, rows 128 bytes.
void ReadRow(uint64_t descriptor, uint32_t row, float (&to)[16]) {
  const auto field = [descriptor](int bit) {
    return static_cast<uint32_t>(descriptor >> bit & 0x3FFF) * 16;
  };
  const uint32_t begin = field(0) + row / 8 * field(32) + row % 8 * 128;
  for (uint32_t piece = 0; piece < 2; ++piece) {
    uint16_t halves[8];
    std::memcpy(halves, Swizzled(begin + 16 * piece), sizeof(halves));
    for (int i = 0; i < 8; ++i) to[8 * piece + i] = FloatFromHalf(halves[i]);
  }
}

void CheckDescriptor(uint64_t descriptor) {
  NNCPP_CHECK(descriptor >> 62 == 1);        // the swizzle of 128 bytes
  NNCPP_CHECK((descriptor >> 49 & 7) == 0);  // from where its pattern begins,
  // but for the place within a row.
  const uint32_t place = (descriptor & 0x3FFF) * 16 % kPatternBytes;
  NNCPP_CHECK(place + 16 * sizeof(uint16_t) <= 128);
}

// Of thread `number`. Source: PTX ISA, wgmma, the accumulators of m64nNk16.
void Finish(const Product& p, unsigned number) {
  const uint32_t warp = number / kWarp % 4, lane = number % kWarp;
  float left[2][16];
  for (uint32_t i = 0; i < 2; ++i) {
    ReadRow(p.left, 16 * warp + lane / 4 + 8 * i, left[i]);
  }
  const auto columns = static_cast<uint32_t>(p.cols / 4);  // of a lane
  for (uint32_t column = 0; column < columns; ++column) {
    float right[16];
    ReadRow(p.right, column / 2 * 8 + lane % 4 * 2 + column % 2, right);
    for (uint32_t i = 0; i < 2; ++i) {
      float& sum = p.sums[column / 2 * 4 + i * 2 + column % 2];
      if (!p.add) sum = 0;
      for (int k = 0; k < 16; ++k) sum += left[i][k] * right[k];
      // Nobody promises the sign of a zero.
      if (sum == 0 && TheMachine().Below(2) == 0) sum = -0.0f;
    }
  }
}

void FinishGroup(const std::vector<Product>& group) {
  for (const Product& p : group) Finish(p, TheMachine().current->number);
}

}  // namespace

uint32_t SharedAddress(const void* p) {
  Machine& m = TheMachine();
  const auto* const at = static_cast<const std::byte*>(p);
  NNCPP_CHECK(at >= m.shared.data() && at < m.shared.data() + m.shared.size());
  return m.shared_address + static_cast<uint32_t>(at - m.shared.data());
}

void InitBarrier(uint64_t* barrier, int arrivals) {
  NNCPP_CHECK(SharedAddress(barrier) % sizeof(uint64_t) == 0);
  auto& barriers = TheMachine().barriers;
  NNCPP_CHECK(!barriers.contains(barrier));
  barriers[barrier].arrivals = barriers[barrier].missing = arrivals;
}

void ShowBarriers() {
  for (auto& [at, barrier] : TheMachine().barriers) barrier.shown = true;
}

void Arrive(uint64_t* at, int expected_bytes) {
  SharedBarrier& barrier = BarrierAt(at);
  NNCPP_CHECK(barrier.shown);
  barrier.bytes += expected_bytes;
  --barrier.missing;
  EndPhaseIfDone(barrier);
}

void WaitForPhase(uint64_t* at, unsigned parity) {
  SharedBarrier& barrier = BarrierAt(at);
  NNCPP_CHECK(barrier.shown && parity <= 1);
  while (barrier.phase % 2 == parity) {
    barrier.waiting.push_back(TheMachine().current->number);
    Wait();
  }
}

void StartBoxCopy(void* to, const TensorMap& map, int k, int row, int batch,
                  uint64_t* barrier) {
  NNCPP_CHECK(BarrierAt(barrier).shown);
  NNCPP_CHECK(SharedAddress(to) % kPatternBytes == 0);
  TheMachine().boxes.push_back({to, map, k, row, batch, barrier});
}

void FinishBox(size_t i) {
  Machine& m = TheMachine();
  std::swap(m.boxes[i], m.boxes.back());
  const BoxCopy box = m.boxes.back();
  m.boxes.pop_back();
  NNCPP_CHECK(box.batch < box.map.count);
  const TensorMap& map = box.map;
  const uint32_t begin = SharedAddress(box.to);
  for (int r = 0; r < map.box_rows; ++r) {
    const int64_t row = box.row + r;
    const uint16_t* from =
        map.data + (box.batch * map.rows + row) * map.depth + box.k;
    for (int c = 0; c < kBoxDepth; c += 8) {
      uint16_t halves[8] = {};
      for (int h = 0; h < 8; ++h) {
        const bool inside = box.k + c + h < map.depth && row < map.rows;
        if (inside) halves[h] = from[c + h];
      }
      const auto at = static_cast<uint32_t>((r * kBoxDepth + c) * 2);
      std::memcpy(Swizzled(begin + at), halves, sizeof(halves));
    }
  }
  SharedBarrier& barrier = BarrierAt(box.barrier);
  barrier.bytes -= int64_t{map.box_rows} * kBoxDepth * int{sizeof(uint16_t)};
  EndPhaseIfDone(barrier);
}

void FenceProducts() { TheMachine().current->fenced = true; }

void MultiplyRows(int cols, float* sums, uint64_t left, uint64_t right,
                  bool add) {
  Machine& m = TheMachine();
  struct Call {
    int64_t cols;
    uint64_t left, right, add;
    bool operator==(const Call&) const = default;
  };
  const Call mine = {cols, left, right, add};
  const std::byte* all = Exchange(&mine, sizeof(mine));
  for (size_t lane = 0; lane < kWarp; ++lane) {
    Call other;
    std::memcpy(&other, all + lane * kExchangeBytes, sizeof(other));
    NNCPP_CHECK(mine == other);
  }
  Thread& self = *m.current;
  NNCPP_CHECK(self.fenced);
  CheckDescriptor(left);
  CheckDescriptor(right);
  auto& groups = self.products;
  if (groups.empty()) groups.emplace_back();
  groups.back().push_back({cols, sums, left, right, add});
  if (m.Below(2) != 0) return;
  for (auto& group : groups) {
    FinishGroup(group);
    group.clear();
  }
}

void CommitProducts() {
  auto& groups = TheMachine().current->products;
  if (groups.empty()) groups.emplace_back();
  groups.emplace_back();
}

void WaitForProducts(int groups_left) {
  Thread& self = *TheMachine().current;
  auto& groups = self.products;
  while (std::ssize(groups) > groups_left + 1) {
    FinishGroup(groups.front());
    groups.erase(groups.begin());
  }
  if (groups_left == 0) {
    self.fenced = false;  // its registers are free for other uses
    if (!groups.empty() && groups.front().empty()) groups.clear();
  }
  // A warp waits as one.
  Exchange(nullptr, 0);
}

}  // namespace nncpp::emulation
