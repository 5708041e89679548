// tests/model/state_test.cc -- a model's state moves to another model.
#include "src/model/state.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "src/base/memory_stream.h"
#include "src/model/model.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::CpuBackend;

ModelConfig SmallConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.alphabet = 77;
  config.streams = 3;
  config.steps = 6;
  config.layers = 2;
  config.cells = 19;
  return config;
}

void TrainSegment(Model& model, int64_t streams, int32_t seed) {
  std::vector<int32_t> targets;
  for (int32_t i = 0; i < 6 * static_cast<int32_t>(streams); ++i) {
    targets.push_back((i * i + i * seed) % 77);
  }
  model.Predict(0, 6, targets);
  model.Train(6, targets);
}

class State : public ::testing::Test {
 protected:
  // In the middle of a block of fewer streams than there may be.
  State() {
    for (Model* model : {first_.get(), second_.get()}) model->StartBlock(3);
    for (int32_t i = 0; i < 5; ++i) TrainSegment(*first_, 3, i);
    first_->StartBlock(2);
    for (int32_t i = 0; i < 5; ++i) TrainSegment(*first_, 2, i);
  }

  std::vector<uint8_t> Written() {
    MemorySink out;
    first_->WriteState(out);
    return out.Take();
  }

  CpuBackend scalar_{cpu::AvailableForms().front(), 1};
  CpuBackend fastest_{cpu::AvailableForms().back(), 2};
  const std::unique_ptr<Model> first_ = MakeModel(SmallConfig(), scalar_);
  const std::unique_ptr<Model> second_ = MakeModel(SmallConfig(), fastest_);
};

TEST_F(State, GoesOnInAnotherModelOnAnotherBackend) {
  const std::vector<uint8_t> bytes = Written();
  EXPECT_EQ(std::ssize(bytes), first_->StateBytes());
  EXPECT_NE(first_->Digest(), second_->Digest());
  MemorySource in(bytes);
  second_->ReadState(in);
  EXPECT_EQ(first_->Digest(), second_->Digest());
  for (int32_t i = 5; i < 8; ++i) {
    TrainSegment(*first_, 2, i);
    TrainSegment(*second_, 2, i);
    ASSERT_EQ(first_->Digest(), second_->Digest());
  }
}

TEST_F(State, CarriesTheSavedOneAlong) {
  first_->Save();
  const uint64_t saved = first_->Digest();
  MemorySource copy(first_->saved());
  second_->ReadSaved(copy);
  EXPECT_NE(second_->Digest(), saved);
  second_->Restore();
  EXPECT_EQ(second_->Digest(), saved);
}

TEST_F(State, IsRefusedWhenItEndsEarly) {
  std::vector<uint8_t> bytes = Written();
  bytes.pop_back();
  MemorySource in(bytes), saved(bytes);
  ExpectError(ErrorKind::kFormat, "ends early",
              [&] { second_->ReadState(in); });
  ExpectError(ErrorKind::kFormat, "ends early",
              [&] { second_->ReadSaved(saved); });
}

TEST_F(State, IsRefusedWhenItIsNotFinite) {
  std::vector<uint8_t> bytes = Written();
  const float infinite = std::numeric_limits<float>::infinity();
  std::copy_n(reinterpret_cast<const uint8_t*>(&infinite), sizeof(infinite),
              bytes.begin() + 400);
  MemorySource in(bytes);
  ExpectError(ErrorKind::kFormat, "not finite",
              [&] { second_->ReadState(in); });
}

// Bytes that no run leaves are refused or harmless: the sanitizers look on.
TEST_F(State, IsNeverTrusted) {
  const std::vector<uint8_t> sound = Written();
  int refused = 0;
  for (int64_t back = 1; back < std::ssize(sound); back += 1 + back / 9) {
    std::vector<uint8_t> bytes = sound;
    bytes[bytes.size() - static_cast<size_t>(back)] ^= 0x7F;
    MemorySource in(bytes);
    try {
      second_->ReadState(in);
      TrainSegment(*second_, 2, 1);
      second_->StartBlock(3);
      TrainSegment(*second_, 3, 1);
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::kFormat);
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace nncpp
