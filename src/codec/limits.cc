// src/codec/limits.cc -- contract: src/codec/limits.h, src/codec/codec.h
#include "src/codec/limits.h"

#include <string>

#include "kernels/make_backend.h"
#include "src/base/machine.h"
#include "src/base/thread_pool.h"
#include "src/codec/segment_encoder.h"
#include "src/model/model.h"

namespace nncpp {

int64_t MemoryToDecode(const ModelConfig& config) {
  // A block as bytes, up to two a symbol, as symbols, and coded; the segment
  // under way; the program itself.
  const int64_t block =
      config.block_symbols * 6 + SegmentEncoder::Bytes(config);
  return ModelMemory(config) + block + (16 << 20);
}

int64_t MemoryNeeded(const ModelConfig& config, bool self_check) {
  return MemoryToDecode(config) + SavedTables(config) +
         (self_check ? ModelMemory(config) : 0);
}

void CheckMemory(int64_t need, int64_t limit, ErrorKind kind) {
  const int64_t most = limit >= 0 ? limit : MemoryOfMachine();
  if (need <= most) return;
  const bool limited = limit >= 0;
  std::string advice =
      limited ? "raise --memory-limit" : "use a larger machine";
  if (kind == ErrorKind::kMemory) advice += " or use a smaller model";
  throw Error(kind, "needs " + std::to_string(need) + " bytes of memory, the " +
                        (limited ? "limit is " : "machine has ") +
                        std::to_string(most) + "; " + advice);
}

std::unique_ptr<Backend> BackendFor(const CodecOptions& options,
                                    const ModelConfig& config, int models) {
  const int threads = options.threads > 0 ? options.threads : UsableCores();
  // Mixing goes on beside the net or its models, on a core of its own; not
  // where replay may overwrite the frequencies that are to be mixed, nor where
  // it is too fast to gain by it.
  const bool beside =
      threads > 1 &&
      (config.layers == 0 ? config.mixing > 1
                          : config.mixing > 0 && config.replay_period == 0);
  const int rest = beside ? threads - 1 : threads;
  ModelConfig net = config;  // contexts stay with the host
  net.mixing = 0;
  std::unique_ptr<Backend> backend =
      options.make_backend
          ? options.make_backend(ModelMemory(net) * models, rest)
          : MakeCpuBackend(rest);
  backend->set_leaves_core(beside);
  return backend;
}

}  // namespace nncpp
