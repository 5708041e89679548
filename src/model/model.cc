// src/model/model.cc -- digest, copies and check of any model's state.
#include "src/model/model.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "kernels/numerics.h"
#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/base/memory_stream.h"

namespace nncpp {
namespace {

// What passes between backend and stream at once.
constexpr int64_t kChunkFloats = int64_t{1} << 18;

std::span<uint8_t> BytesOf(std::span<float> floats) {
  return {reinterpret_cast<uint8_t*>(floats.data()), floats.size_bytes()};
}

// The floats of an array, on the host.
std::span<float> Downloaded(Backend& backend, const float* array, int64_t count,
                            std::vector<float>& room) {
  room.resize(static_cast<size_t>(count));
  backend.Download(array, room);
  return room;
}

class Digester : public StateVisitor {
 public:
  explicit Digester(Backend& backend) : backend_(backend) {}
  void Host(std::span<uint8_t> bytes) override {
    digest_ = HashBytes64(bytes, digest_);
  }
  void Array(float* array, int64_t count) override {
    Host(BytesOf(Downloaded(backend_, array, count, room_)));
  }
  uint64_t digest() const { return digest_; }

 private:
  Backend& backend_;
  std::vector<float> room_;
  uint64_t digest_ = 0;
};

class FiniteCheck : public StateVisitor {
 public:
  explicit FiniteCheck(Backend& backend) : backend_(backend) {}
  void Host(std::span<uint8_t>) override {}
  void Array(float* array, int64_t count) override {
    for (const float x : Downloaded(backend_, array, count, room_)) {
      most_ = std::max(most_, BitsFromFloat(Abs(x)));
    }
  }
  bool finite() const { return most_ < 0x7f800000u; }

 private:
  Backend& backend_;
  std::vector<float> room_;
  uint32_t most_ = 0;  // the largest magnitude, as bits
};

class Counter : public StateVisitor {
 public:
  void Host(std::span<uint8_t> bytes) override { bytes_ += std::ssize(bytes); }
  void Array(float*, int64_t count) override {
    bytes_ += count * static_cast<int64_t>(sizeof(float));
  }
  int64_t bytes() const { return bytes_; }

 private:
  int64_t bytes_ = 0;
};

class StateWriter : public StateVisitor {
 public:
  StateWriter(Backend& backend, Sink& out) : backend_(backend), out_(out) {}
  void Host(std::span<uint8_t> bytes) override { out_.Write(bytes); }
  void Array(float* array, int64_t count) override {
    for (int64_t i = 0; i < count; i += kChunkFloats) {
      out_.Write(BytesOf(Downloaded(backend_, array + i,
                                    std::min(kChunkFloats, count - i), room_)));
    }
  }

 private:
  Backend& backend_;
  Sink& out_;
  std::vector<float> room_;
};

void Fill(std::span<uint8_t> bytes, Source& in) {
  if (in.Read(bytes) == std::ssize(bytes)) return;
  throw Error(ErrorKind::kFormat, "the model's state ends early");
}

class StateReader : public StateVisitor {
 public:
  StateReader(Backend& backend, Source& in) : backend_(backend), in_(in) {}
  void Host(std::span<uint8_t> bytes) override { Fill(bytes, in_); }
  void Array(float* array, int64_t count) override {
    for (int64_t i = 0; i < count; i += kChunkFloats) {
      room_.resize(static_cast<size_t>(std::min(kChunkFloats, count - i)));
      Fill(BytesOf(room_), in_);
      backend_.Upload(room_, array + i);
    }
  }

 private:
  Backend& backend_;
  Source& in_;
  std::vector<float> room_;
};

}  // namespace

void Model::Encode(std::span<const int32_t>, std::span<RangeEncoder>) {
  NNCPP_CHECK(false && "is coded by what its mixer predicts");
}

void Model::Decode(std::span<const int64_t>, std::span<RangeDecoder>,
                   std::span<int32_t>) {
  NNCPP_CHECK(false && "is coded by what its mixer predicts");
}

uint64_t Model::Digest() {
  Digester digester(backend_);
  VisitState(digester);
  return digester.digest();
}

bool Model::IsFinite() {
  FiniteCheck check(backend_);
  VisitState(check);
  return check.finite();
}

void Model::Save() {
  // Written into the place of the copy before, which has the same size.
  class Copy : public Sink {
   public:
    explicit Copy(std::vector<uint8_t>& bytes) : next_(bytes.begin()) {}
    void Write(std::span<const uint8_t> bytes) override {
      next_ = std::copy(bytes.begin(), bytes.end(), next_);
    }

   private:
    std::vector<uint8_t>::iterator next_;
  };
  saved_.resize(static_cast<size_t>(StateBytes()));
  Copy copy(saved_);
  WriteState(copy);
}

void Model::Restore() {
  NNCPP_CHECK(!saved_.empty());
  MemorySource copy(saved_);
  ReadState(copy);
}

bool Model::LiesWithin(const float* array, int64_t count, float low,
                       float high) {
  std::vector<float> room;
  const std::span<float> host = Downloaded(backend_, array, count, room);
  return std::all_of(host.begin(), host.end(),
                     [low, high](float x) { return x >= low && x <= high; });
}

bool Model::MomentsAreSound(const float* second, int64_t count,
                            std::span<const double> powers) {
  return std::all_of(powers.begin(), powers.end(),
                     [](double x) { return x >= 0 && x <= 1; }) &&
         LiesWithin(second, count, 0, std::numeric_limits<float>::max());
}

int64_t Model::StateBytes() {
  Counter counter;
  VisitState(counter);
  return counter.bytes();
}

void Model::WriteState(Sink& out) {
  StateWriter writer(backend_, out);
  VisitState(writer);
}

void Model::ReadState(Source& in) {
  StateReader reader(backend_, in);
  VisitState(reader);
  if (!IsFinite()) {
    throw Error(ErrorKind::kFormat, "the model's state is not finite");
  }
  StateReplaced();
}

void Model::ReadSaved(Source& in) {
  saved_.resize(static_cast<size_t>(StateBytes()));
  Fill(saved_, in);
}

}  // namespace nncpp
