// src/model/model_state.cc -- contract: src/model/model_state.h
#include "src/model/model_state.h"

#include <algorithm>
#include <cstring>

#include "src/base/check.h"
#include "src/base/hash.h"

namespace nncpp {
namespace {

// The piece's bytes; `room` holds those of backend memory.
std::span<const uint8_t> BytesOf(Backend& backend, const StatePiece& piece,
                                 std::vector<float>& room) {
  const auto size = static_cast<size_t>(piece.size);
  if (piece.array == nullptr) return {piece.bytes, size};
  room.resize(size);
  backend.Download(piece.array, room);
  return {reinterpret_cast<const uint8_t*>(room.data()), size * sizeof(float)};
}

}  // namespace

uint64_t DigestState(Backend& backend, std::span<const StatePiece> pieces) {
  uint64_t digest = 0;
  std::vector<float> room;
  for (const StatePiece& piece : pieces) {
    digest = HashBytes64(BytesOf(backend, piece, room), digest);
  }
  return digest;
}

bool IsFiniteState(Backend& backend, std::span<const StatePiece> pieces) {
  std::vector<float> room;
  for (const StatePiece& piece : pieces) {
    if (piece.array == nullptr) continue;
    BytesOf(backend, piece, room);
    uint32_t most = 0;
    for (const float x : room) most = std::max(most, BitsFromFloat(Abs(x)));
    if (most >= 0x7f800000u) return false;
  }
  return true;
}

std::vector<std::vector<uint8_t>> SaveState(
    Backend& backend, std::span<const StatePiece> pieces) {
  std::vector<std::vector<uint8_t>> saved;
  std::vector<float> room;
  for (const StatePiece& piece : pieces) {
    const std::span<const uint8_t> bytes = BytesOf(backend, piece, room);
    saved.emplace_back(bytes.begin(), bytes.end());
  }
  return saved;
}

void RestoreState(Backend& backend, std::span<const StatePiece> pieces,
                  std::span<const std::vector<uint8_t>> saved) {
  NNCPP_CHECK(pieces.size() == saved.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    const StatePiece& piece = pieces[i];
    if (piece.array == nullptr) {
      std::memcpy(piece.bytes, saved[i].data(), saved[i].size());
    } else {
      std::vector<float> room(static_cast<size_t>(piece.size));
      std::memcpy(room.data(), saved[i].data(), saved[i].size());
      backend.Upload(room, piece.array);
    }
  }
}

}  // namespace nncpp
