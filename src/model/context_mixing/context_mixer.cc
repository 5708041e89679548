// src/model/context_mixing/context_mixer.cc -- contract:
// src/model/context_mixing/context_mixer.h
#include "src/model/context_mixing/context_mixer.h"

#include <array>
#include <memory>
#include <utility>

#include "kernels/environment.h"
#include "src/base/helper_thread.h"

namespace nncpp {
namespace {

// What the models said of some nodes, and the bits that came.
struct Batch {
  static constexpr size_t kNodes = 256;
  std::array<Evidence, kNodes> evidence;
  std::array<int, kNodes> bits;
  size_t count = 0;
};

}  // namespace

struct ContextMixer::Lookahead {
  std::array<Batch, 2> batches;
  HelperThread helper{RequireFloatEnvironment};
};

ContextMixer::ContextMixer(const ModelConfig& config)
    : models_(config), mixer_(config) {}

ContextMixer::~ContextMixer() = default;

int64_t ContextMixer::LookaheadBytes() { return sizeof(Lookahead); }

void ContextMixer::Code(
    int64_t stream, std::span<const int32_t> symbols, bool beside,
    const std::function<void(int bit, uint32_t probability)>& coded) {
  if (!lookahead_) lookahead_ = std::make_unique<Lookahead>();
  HelperThread& helper = lookahead_->helper;
  Batch* here = &lookahead_->batches.front();
  Batch* ahead = &lookahead_->batches.back();
  size_t next = 0;
  const auto look = [&](Batch& batch) {
    batch.count = 0;
    while (batch.count < Batch::kNodes) {
      if (models_.Done()) {
        if (next == symbols.size()) return;
        models_.StartSymbol(stream, {});
      }
      const int bit = symbols[next] >= models_.middle() ? 1 : 0;
      models_.Look(batch.evidence[batch.count]);
      models_.Learn(bit);
      if (models_.Done()) ++next;
      batch.bits[batch.count++] = bit;
    }
  };
  // However this ends, `look` must not go on without what it refers to.
  struct Settler {
    HelperThread& helper;
    ~Settler() { helper.Settle(); }
  } const settler{helper};
  look(*here);
  while (here->count > 0) {
    if (beside) helper.Start([&look, ahead] { look(*ahead); });
    for (size_t i = 0; i < here->count; ++i) {
      const uint32_t probability = mixer_.Predict(here->evidence[i]);
      if (coded) coded(here->bits[i], probability);
      mixer_.Train(here->bits[i]);
    }
    beside ? helper.Wait() : look(*ahead);
    std::swap(here, ahead);
  }
}

std::vector<std::span<uint8_t>> ContextMixer::State() {
  std::vector<std::span<uint8_t>> state = models_.State();
  const std::vector<std::span<uint8_t>> more = mixer_.State();
  state.insert(state.end(), more.begin(), more.end());
  return state;
}

}  // namespace nncpp
