// src/base/hash.cc -- contract: hash.h
#include "src/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "src/base/check.h"

static_assert(XXH_VERSION_NUMBER >= 800, "XXH3 is stable since 0.8.0");

namespace nncpp {
namespace {

Hash128 FromXxh(XXH128_hash_t hash) { return {hash.low64, hash.high64}; }

}  // namespace

uint64_t HashBytes64(std::span<const uint8_t> bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 HashBytes128(std::span<const uint8_t> bytes) {
  return FromXxh(XXH3_128bits(bytes.data(), bytes.size()));
}

struct StreamHasher::State {
  XXH3_state_t xxh;
};

StreamHasher::StreamHasher() : state_(std::make_unique<State>()) {
  NNCPP_CHECK(XXH3_128bits_reset(&state_->xxh) == XXH_OK);
}

StreamHasher::~StreamHasher() = default;

void StreamHasher::Update(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  NNCPP_CHECK(XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size()) ==
              XXH_OK);
}

Hash128 StreamHasher::Digest() const {
  return FromXxh(XXH3_128bits_digest(&state_->xxh));
}

std::string HashText(const Hash128& hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint64_t half : {hash.high, hash.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      text += kDigits[(half >> shift) & 15];
    }
  }
  return text;
}

}  // namespace nncpp
