// src/base/memory_stream.h -- streams that never leave memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "src/base/stream.h"

namespace nncpp {

// Delivers bytes that the caller keeps alive. A source of unknown length (as a
// pipe is) when `size_known` is false.
class MemorySource : public Source {
 public:
  explicit MemorySource(std::span<const uint8_t> bytes, bool size_known = true)
      : bytes_(bytes), size_known_(size_known) {}

  int64_t Read(std::span<uint8_t> bytes) override {
    const size_t count = std::min(bytes.size(), bytes_.size());
    std::copy_n(bytes_.begin(), count, bytes.begin());
    bytes_ = bytes_.subspan(count);
    return static_cast<int64_t>(count);
  }
  int64_t SizeHint() const override {
    return size_known_ ? std::ssize(bytes_) : -1;
  }

 private:
  std::span<const uint8_t> bytes_;  // what Read has not delivered yet
  bool size_known_;
};

class MemorySink : public Sink {
 public:
  void Write(std::span<const uint8_t> bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> Take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<uint8_t> bytes_;
};

// Forgets everything (`nncpp t`).
class NullSink : public Sink {
 public:
  void Write(std::span<const uint8_t>) override {}
};

}  // namespace nncpp
