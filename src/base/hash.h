// src/base/hash.h -- checks of content: XXH3 in its 64- and 128-bit forms.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace nncpp {

// Source: xxHash's XXH3, whose output is stable since version 0.8.0.
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};

uint64_t HashBytes64(std::span<const uint8_t> bytes, uint64_t seed = 0);
Hash128 HashBytes128(std::span<const uint8_t> bytes);

// 32 hexadecimal digits, high half first, as xxh128sum prints them.
std::string HashText(const Hash128& hash);

// Hashes a stream piece by piece; the result equals that of one call over the
// concatenated bytes.
class StreamHasher {
 public:
  StreamHasher();
  ~StreamHasher();
  StreamHasher(const StreamHasher&) = delete;
  StreamHasher& operator=(const StreamHasher&) = delete;

  void Update(std::span<const uint8_t> bytes);
  Hash128 Digest() const;  // of everything so far; Update may go on after it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nncpp
