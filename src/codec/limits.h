// src/codec/limits.h -- what a run may take, checked before it starts.
#pragma once

#include <cstdint>

#include "src/base/error.h"
#include "src/model/config.h"

namespace nncpp {

// Throws an Error of this kind when MemoryNeeded exceeds `limit`, or, where
// that is -1, the machine's memory. A compressor says kMemory; to a
// decompressor it is an archive that it cannot read, kUnsupported.
void CheckMemory(const ModelConfig& config, bool self_check, int64_t limit,
                 ErrorKind kind);

}  // namespace nncpp
