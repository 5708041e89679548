// src/base/hashing_sink.h -- a sink that hashes what passes.
#pragma once

#include <cstdint>
#include <span>

#include "src/base/hash.h"
#include "src/base/stream.h"

namespace nncpp {

class HashingSink : public Sink {
 public:
  explicit HashingSink(Sink& out) : out_(out) {}
  void Write(std::span<const uint8_t> bytes) override {
    hasher_.Update(bytes);
    out_.Write(bytes);
  }
  StreamHasher& hasher() { return hasher_; }

 private:
  Sink& out_;
  StreamHasher hasher_;
};

}  // namespace nncpp
