// src/model/context_mixing/run_models.cc -- contract:
// src/model/context_mixing/run_models.h
#include "src/model/context_mixing/run_models.h"

#include <algorithm>

#include "src/model/context_mixing/adaptive.h"
#include "src/model/context_mixing/stream_context.h"

namespace nncpp {
namespace {

constexpr uint32_t kLimit = 255;  // of the counts of trust_
constexpr uint16_t kLongest = 255;

// Deeper nodes are alike.
size_t DepthClass(int64_t depth) {
  return depth < 2 ? static_cast<size_t>(depth) : depth < 5 ? 2 : 3;
}

}  // namespace

RunModels::RunModels(int64_t contexts, int64_t bits)
    : shift_(static_cast<int>(64 - bits)),
      runs_(size_t{1} << bits),
      trust_(static_cast<size_t>(contexts) * kTrusts,
             AdaptiveFrom(3u << (kModelBits - 2))),
      uses_(static_cast<size_t>(contexts)) {}

int64_t RunModels::Bytes(int64_t contexts, int64_t bits) {
  return (int64_t{sizeof(Run)} << bits) + contexts * int64_t{kTrusts} * 4;
}

void RunModels::Enter(std::span<const uint64_t> hashes) {
  for (size_t i = 0; i < uses_.size(); ++i) {
    const uint64_t hash = MixHash(hashes[i]);
    uses_[i].run = &runs_[hash >> shift_];
    uses_[i].check = static_cast<uint16_t>(hash >> 8);
    __builtin_prefetch(uses_[i].run);
  }
  entered_ = true;
}

void RunModels::FindLive() {
  live_.clear();
  for (size_t i = 0; i < uses_.size(); ++i) {
    const Run& run = *uses_[i].run;
    if (run.count == 0 || run.check != uses_[i].check) continue;
    const size_t length = std::min<size_t>(run.count, kLengths - 1);
    const size_t changed = run.changed != 0 ? 1 : 0;
    const size_t trusts = ((i * kLengths + length) * 2 + changed) * kDepths;
    live_.push_back({static_cast<int32_t>(i), run.symbol, trusts, nullptr, 0});
  }
  entered_ = false;
}

void RunModels::Predict(int32_t low, int32_t high, int32_t middle,
                        int64_t depth, int16_t* inputs, int64_t (&votes)[2]) {
  if (entered_) FindLive();
  std::erase_if(live_, [&](const Live& live) {
    return live.symbol < low || live.symbol >= high;
  });
  std::fill_n(inputs, uses_.size(), int16_t{0});
  votes[0] = votes[1] = 0;
  for (Live& live : live_) {
    live.bit = live.symbol >= middle ? 1 : 0;
    live.trust = &trust_[live.trusts + DepthClass(depth)];
    const int32_t logit = Stretch(ProbabilityOf(*live.trust));
    inputs[live.context] = static_cast<int16_t>(live.bit != 0 ? logit : -logit);
    ++votes[live.bit];
  }
}

void RunModels::Train(int bit) {
  for (const Live& live : live_) {
    Adapt(*live.trust, live.bit == bit ? 1 : 0, kLimit);
  }
}

void RunModels::Finish(int32_t symbol) {
  for (const Use& use : uses_) {
    Run& run = *use.run;
    const bool known = run.count > 0 && run.check == use.check;
    if (known && run.symbol == symbol) {
      run.count = std::min<uint16_t>(run.count + 1, kLongest);
    } else {
      run = {use.check, static_cast<uint16_t>(symbol), 1,
             static_cast<uint16_t>(known ? 1 : 0)};
    }
  }
}

std::vector<std::span<uint8_t>> RunModels::State() {
  return {{reinterpret_cast<uint8_t*>(runs_.data()),
           runs_.size() * sizeof(runs_[0])},
          {reinterpret_cast<uint8_t*>(trust_.data()),
           trust_.size() * sizeof(trust_[0])}};
}

}  // namespace nncpp
