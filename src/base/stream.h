// src/base/stream.h -- where bytes come from and where they go.
#pragma once

#include <cstdint>
#include <span>

namespace nncpp {

class Source {
 public:
  virtual ~Source() = default;

  // Fills as much of `bytes` as the input still holds and returns the count;
  // less than asked for only at the end of input. Interrupted and short reads
  // are continued. Throws Error(kIo).
  virtual int64_t Read(std::span<uint8_t> bytes) = 0;

  // The number of bytes Read can still deliver, or -1 when it is not known
  // (a pipe). A hint: an input may grow or shrink while it is read.
  virtual int64_t SizeHint() const = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes all of `bytes` or throws Error(kIo).
  virtual void Write(std::span<const uint8_t> bytes) = 0;
};

}  // namespace nncpp
