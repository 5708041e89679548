// src/model/lstm_state.cc -- digest, copy and check of src/model/lstm.h's state
#include <algorithm>
#include <cstring>
#include <vector>

#include "src/base/check.h"
#include "src/base/hash.h"
#include "src/model/lstm.h"

namespace nncpp {

std::vector<Lstm::Piece> Lstm::Pieces() {
  std::vector<Piece> pieces;
  const auto array = [&](float* p, int64_t count) {
    pieces.push_back({p, nullptr, count});
  };
  const auto host = [&](void* p, size_t bytes) {
    pieces.push_back(
        {nullptr, static_cast<uint8_t*>(p), static_cast<int64_t>(bytes)});
  };
  array(parameters_.get(), layout_.count());
  array(second_.get(), layout_.count());
  array(hidden_.get(), config_.streams * config_.layers * config_.cells);
  for (Layer& layer : layers_) {
    array(layer.c.get(), config_.streams * config_.cells);
  }
  host(last_.data(), last_.size() * sizeof(last_[0]));
  host(row_power_.data(), row_power_.size() * sizeof(row_power_[0]));
  host(&counters_, sizeof(counters_));
  for (const std::span<uint8_t> bytes : ngrams_.State()) {
    host(bytes.data(), bytes.size());
  }
  return pieces;
}

namespace {

// The bytes of backend memory, on the host.
std::span<const uint8_t> HostBytes(Backend& backend, const float* array,
                                   int64_t count, std::vector<float>& room) {
  room.resize(static_cast<size_t>(count));
  backend.Download(array, room);
  return {reinterpret_cast<const uint8_t*>(room.data()),
          room.size() * sizeof(float)};
}

}  // namespace

uint64_t Lstm::Digest() {
  uint64_t digest = 0;
  std::vector<float> room;
  for (const Piece& piece : Pieces()) {
    digest =
        HashBytes64(piece.array == nullptr
                        ? std::span<const uint8_t>(
                              piece.bytes, static_cast<size_t>(piece.size))
                        : HostBytes(backend_, piece.array, piece.size, room),
                    digest);
  }
  return digest;
}

bool Lstm::IsFinite() {
  std::vector<float> room;
  for (const Piece& piece : Pieces()) {
    if (piece.array == nullptr) continue;
    HostBytes(backend_, piece.array, piece.size, room);
    uint32_t most = 0;
    for (const float x : room) most = std::max(most, BitsFromFloat(Abs(x)));
    if (most >= 0x7f800000u) return false;
  }
  return true;
}

void Lstm::Save() {
  const std::vector<Piece> pieces = Pieces();
  saved_.resize(pieces.size());
  std::vector<float> room;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    const std::span<const uint8_t> bytes =
        piece.array == nullptr
            ? std::span<const uint8_t>(piece.bytes,
                                       static_cast<size_t>(piece.size))
            : HostBytes(backend_, piece.array, piece.size, room);
    saved_[i].assign(bytes.begin(), bytes.end());
  }
}

void Lstm::Restore() {
  NNCPP_CHECK(!saved_.empty());
  const std::vector<Piece> pieces = Pieces();
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (piece.array == nullptr) {
      std::memcpy(piece.bytes, saved_[i].data(), saved_[i].size());
    } else {
      std::vector<float> room(static_cast<size_t>(piece.size));
      std::memcpy(room.data(), saved_[i].data(), saved_[i].size());
      backend_.Upload(room, piece.array);
    }
  }
  QuantizeAll();
}

}  // namespace nncpp
