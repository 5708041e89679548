// tests/support/codec.h -- the codec on memory, and small models for it.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"

namespace nncpp::testing {

using Bytes = std::vector<uint8_t>;

inline Bytes BytesOf(std::string_view text) {
  return {text.begin(), text.end()};
}

inline Bytes RandomBytes(int64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(static_cast<size_t>(count));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

inline Bytes ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// The first bytes of a real text.
inline Bytes English(int64_t count) {
  Bytes text = ReadFile("tests/data/alice29.txt");
  text.resize(static_cast<size_t>(count));
  return text;
}

inline CodecOptions OneThread() {
  CodecOptions options;
  options.threads = 1;
  return options;
}

// The tiny profile, made smaller still: for tests that decode often.
inline ModelConfig TinierConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.cells = 8;
  config.steps = 4;
  config.ngram_orders = 1;
  config.ngram_bits = 4;
  config.block_symbols = 96;
  return config;
}

inline Bytes Compressed(const Bytes& original, const ModelConfig& config,
                        const CodecOptions& options = OneThread(),
                        bool size_known = true, Report* report = nullptr) {
  MemorySource in(original, size_known);
  MemorySink out;
  const Report said = Compress(in, out, config, options);
  if (report != nullptr) *report = said;
  return out.Take();
}

inline Bytes Decompressed(const Bytes& archive,
                          const CodecOptions& options = OneThread()) {
  MemorySource in(archive);
  MemorySink out;
  Decompress(in, out, options);
  return out.Take();
}

}  // namespace nncpp::testing
