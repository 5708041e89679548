// src/codec/limits.h -- what a run may take, checked before it starts.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/backend.h"
#include "src/base/error.h"
#include "src/codec/codec.h"
#include "src/model/config.h"

namespace nncpp {

// Throws an Error of this kind when `need` bytes exceed `limit`, or, where that
// is -1, the machine's memory. A compressor says kMemory; to a decompressor it
// is an archive that it cannot read, kUnsupported.
void CheckMemory(int64_t need, int64_t limit, ErrorKind kind);

// The backend that the options ask for, with room for `models` models.
std::unique_ptr<Backend> BackendFor(const CodecOptions& options,
                                    const ModelConfig& config, int models);

}  // namespace nncpp
