// src/codec/limits.cc -- contract: src/codec/limits.h, src/codec/codec.h
#include "src/codec/limits.h"

#include <unistd.h>

#include <limits>
#include <string>

#include "src/codec/codec.h"
#include "src/model/model.h"

namespace nncpp {
namespace {

int64_t MemoryOfMachine() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES);
  const int64_t bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? pages * bytes
                                : std::numeric_limits<int64_t>::max();
}

}  // namespace

int64_t MemoryNeeded(const ModelConfig& config, bool self_check) {
  // A block as bytes, as symbols, and coded; the program itself.
  const int64_t block = config.block_symbols * 4;
  return ModelMemory(config) * (self_check ? 2 : 1) + block + (8 << 20);
}

void CheckMemory(const ModelConfig& config, bool self_check, int64_t limit,
                 ErrorKind kind) {
  const int64_t need = MemoryNeeded(config, self_check);
  const int64_t most = limit >= 0 ? limit : MemoryOfMachine();
  if (need <= most) return;
  throw Error(kind, "needs " + std::to_string(need) + " bytes of memory, the " +
                        (limit >= 0 ? "limit is " : "machine has ") +
                        std::to_string(most) + "; " +
                        (limit >= 0 ? "raise --memory-limit or use"
                                    : "use a larger machine or") +
                        " a smaller model");
}

}  // namespace nncpp
