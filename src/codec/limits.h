// src/codec/limits.h -- what a run may take, checked before it starts.
#pragma once

#include <cstdint>

#include "src/model/config.h"

namespace nncpp {

// Throws Error(kMemory) when MemoryNeeded exceeds `limit`; -1: no limit.
void CheckMemory(const ModelConfig& config, bool self_check, int64_t limit);

}  // namespace nncpp
