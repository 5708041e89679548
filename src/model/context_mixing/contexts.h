// src/model/context_mixing/contexts.h -- the contexts that each level hashes.
#pragma once

#include <cstdint>
#include <span>

#include "src/model/context_mixing/stream_context.h"

namespace nncpp {

// `mixing` of the configuration: 1 is fast, 2 strong.
inline constexpr int64_t kMostMixing = 2;

int64_t ContextsOf(int64_t mixing);

// Writes ContextsOf(mixing) hashes of what the stream's next symbol stands
// after. `predicted` is the first match's symbol, or -1.
void HashContexts(int64_t mixing, const StreamContext& stream,
                  const SymbolRing& ring, int32_t predicted,
                  std::span<uint64_t> hashes);

}  // namespace nncpp
