// tests/support/codec_runs.h -- whole runs of the codec in memory, for tests.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/numerics.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"

namespace nncpp {

using Octets = std::vector<uint8_t>;

// Contexts mixed without a net, for bytes in one stream.
inline ModelConfig ContextsAlone(int64_t mixing_bits) {
  ModelConfig config = ProfileConfig("tiny");
  config.streams = 1;
  config.layers = 0;
  config.ngram_orders = 0;
  config.mixing = 2;
  config.mixing_bits = mixing_bits;
  return config;
}

inline CodecOptions OneThread(int64_t memory_limit = -1) {
  CodecOptions options;
  options.threads = 1;
  options.memory_limit = memory_limit;
  return options;
}

inline Octets CompressBytes(const Octets& original, const ModelConfig& config,
                            const CodecOptions& options = OneThread(),
                            bool size_known = true) {
  MemorySource in(original, size_known);
  MemorySink out;
  Compress(in, out, config, options);
  return out.Take();
}

// `partly` keeps what was delivered also when an Error is thrown.
inline void DecompressInto(const Octets& archive, MemorySink& partly,
                           const CodecOptions& options = OneThread()) {
  MemorySource in(archive);
  Decompress(in, partly, options);
}

inline Octets DecompressBytes(const Octets& archive) {
  MemorySink out;
  DecompressInto(archive, out);
  return out.Take();
}

inline Octets RandomOctets(int64_t count, uint64_t seed) {
  Octets bytes(static_cast<size_t>(count));
  for (size_t i = 0; i < bytes.size(); ++i) {
    uint32_t word[4][1] = {{static_cast<uint32_t>(i)}, {0}, {0}, {0}};
    PhiloxWords(word, seed);
    bytes[i] = static_cast<uint8_t>(word[0][0]);
  }
  return bytes;
}

inline Octets FileOctets(const std::string& path, int64_t most = 1 << 30) {
  std::ifstream file(path, std::ios::binary);
  Octets bytes{std::istreambuf_iterator<char>(file), {}};
  if (std::ssize(bytes) > most) bytes.resize(static_cast<size_t>(most));
  return bytes;
}

inline Octets Alice(int64_t count) {
  return FileOctets("tests/data/alice29.txt", count);
}

}  // namespace nncpp
