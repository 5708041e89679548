// tests/kernels/cuda_routine_test.cc -- recorded work does what it would do
// anew.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/make_backend.h"
#include "tests/support/emulated_backend.h"
#include "tests/support/held_matrix.h"
#include "tests/support/random_floats.h"

namespace nncpp {
namespace {

using ::nncpp::testing::Bits;
using ::nncpp::testing::HeldMatrix;
using ::nncpp::testing::HeldSymbols;
using ::nncpp::testing::MakeEmulatedBackend;
using ::nncpp::testing::RandomFloats;

constexpr int64_t kRows = 3, kCols = 40;

// Four runs of one routine, each with other numbers and another update, and the
// frequencies that the host sees; `calls` counts those of the work. Before the
// last but one, `between` happens.
std::vector<uint32_t> FourRuns(Backend& b, int& calls,
                               const std::function<void()>& between) {
  const HeldMatrix x(b, kRows, kCols), y(b, kRows, kCols);
  const auto f = b.NewFrequencies(kRows, kCols);
  const auto routine = b.NewRoutine();
  std::vector<uint32_t> result;
  for (uint32_t turn = 1; turn <= 4; ++turn) {
    if (turn == 3) between();
    b.Upload(RandomFloats(kRows * kCols, turn), x.view().data);
    b.Run(*routine, turn, [&] {
      ++calls;
      b.Clear(y.view().Columns(2, 7));
      b.Add(x, y);
      b.Dropout(y, {1, turn, 2}, 0, 0.5f, y);
      b.SoftmaxFrequencies(y, 0, *f);
    });
    for (const uint32_t bits : Bits(y.Values())) result.push_back(bits);
    for (int64_t r = 0; r < kRows; ++r) {
      for (const uint64_t word : f->At(r)) {
        result.push_back(static_cast<uint32_t>(word));
      }
    }
  }
  return result;
}

TEST(Routine, IsRecordedOnceAndFollowsWhatIsInMemory) {
  int calls = 0;
  const std::unique_ptr<Backend> cpu = MakeCpuBackend(1);
  const std::unique_ptr<Backend> cuda = MakeEmulatedBackend(/*seed=*/1);
  const auto expected = FourRuns(*cpu, calls, [] {});
  EXPECT_EQ(calls, 4);
  calls = 0;
  EXPECT_TRUE(FourRuns(*cuda, calls, [] {}) == expected);
  EXPECT_EQ(calls, 2);
}

TEST(Routine, BeginsAnewWhenMemoryMayHaveMoved) {
  int calls = 0;
  const std::unique_ptr<Backend> cpu = MakeCpuBackend(1);
  const std::unique_ptr<Backend> cuda = MakeEmulatedBackend(/*seed=*/1);
  const auto expected = FourRuns(*cpu, calls, [] {});
  calls = 0;
  EXPECT_TRUE(FourRuns(*cuda, calls, [&] { cuda->NewArray(10); }) == expected);
  EXPECT_EQ(calls, 4);
}

// Two steps of two streams, decoded three times by one routine: two symbols of
// each stream, but one the last time; and where the decoders are then.
std::vector<uint64_t> DecodeThrice(Backend& b) {
  const HeldMatrix logits(b, 4, 300, RandomFloats(4 * 300, 5));
  const HeldSymbols symbols(b, 2, 2, {0, 0, 0, 0});
  const auto f = b.NewFrequencies(4, 300);
  const auto routine = b.NewRoutine();
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 40; ++i) bytes.push_back(static_cast<uint8_t>(i * 73));
  std::vector<RangeDecoder> decoders(2, RangeDecoder(bytes));
  std::vector<uint64_t> result;
  for (const int64_t count : {2, 2, 1}) {
    b.StartDecoding(decoders, std::vector<int64_t>{count, count});
    b.Run(*routine, 0, [&] {
      b.SoftmaxFrequencies(logits, 0, *f);
      b.DecodeSymbols(*f, 0, symbols.view().Rows(0, 1));
      b.DecodeSymbols(*f, 2, symbols.view().Rows(1, 1));
    });
    b.EndDecoding(decoders);
    for (const int32_t symbol : symbols.Values()) {
      result.push_back(static_cast<uint64_t>(symbol));
    }
  }
  for (const RangeDecoder& decoder : decoders) {
    result.push_back(decoder.offset());
  }
  return result;
}

TEST(Routine, DecodesAsManySymbolsAsThereAre) {
  const std::unique_ptr<Backend> cpu = MakeCpuBackend(1);
  const std::unique_ptr<Backend> cuda = MakeEmulatedBackend(/*seed=*/1);
  EXPECT_EQ(DecodeThrice(*cuda), DecodeThrice(*cpu));
}

TEST(RoutineDeathTest, RefusesWhatPassesThroughTheHost) {
  const std::unique_ptr<Backend> b = MakeEmulatedBackend(/*seed=*/1);
  const HeldMatrix x(*b, kRows, kCols);
  const auto symbols = b->NewSymbols(2);
  const std::vector<int32_t> values = {1, 2};
  std::vector<float> back(kCols);
  const auto twice = [&](const std::function<void()>& work) {
    const auto routine = b->NewRoutine();
    b->Run(*routine, 0, work);
    b->Run(*routine, 0, work);
  };
  EXPECT_DEATH(twice([&] { b->UploadSymbols(values, symbols.get()); }),
               "capture");
  EXPECT_DEATH(twice([&] { b->Download(x.view().data, back); }), "Capturing");
  EXPECT_DEATH(twice([&] { b->Dropout(x, {1, 7, 2}, 0, 0.5f, x); }), "capture");
}

}  // namespace
}  // namespace nncpp
