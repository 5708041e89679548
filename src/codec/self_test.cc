// src/codec/self_test.cc -- SelfTest of src/codec/codec.h
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/environment.h"
#include "kernels/make_backend.h"
#include "src/base/error.h"
#include "src/codec/codec.h"
#include "src/codec/step.h"
#include "src/model/context_mixing/least_squares.h"

namespace nncpp {
namespace {

// What every sound build computes. A change of the arithmetic or of the tiny
// profile changes it; the test of the self-test prints the new one.
constexpr uint64_t kDigest = 0x55347d4dbf91f406;

// Of a model of two layers that has coded some text and learnt it: every
// operation.
uint64_t DigestOf(Backend& backend, int64_t cells, int64_t symbols) {
  SetFloatEnvironment();
  ModelConfig config = ProfileConfig("tiny");
  config.layers = 2;
  config.cells = cells;
  config.stream_symbols = 40;  // two streams
  config.replay_period = 64;
  config.mixing = 2;
  config.mixing_bits = 10;
  std::vector<uint16_t> text(static_cast<size_t>(symbols));
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<uint16_t>(i * i % 251 % 7 + 'a');
  }
  const std::unique_ptr<Model> model = MakeModel(config, backend);
  EncodeBlock(config, text, *model, [](int64_t, int64_t) {});
  return FloatEnvironmentIsDefault() ? model->Digest() : 0;
}

// Of predictions of samples: the arithmetic in doubles.
constexpr uint64_t kLeastSquaresDigest = 0xe3d48fd1b5e2a90e;
uint64_t LeastSquaresDigest() {
  constexpr int64_t kObservations = 64;
  SetFloatEnvironment();
  LeastSquares by{};
  std::array<double, 24> x;
  uint64_t digest = 0;
  for (int64_t i = 0; i < kObservations; ++i) {
    for (size_t k = 0; k < x.size(); ++k) {
      const auto n = static_cast<int64_t>(k) + 3;
      x[k] = static_cast<double>(i * i * n % 251 - 125);
    }
    digest =
        digest * 0x9E3779B97F4A7C15 + std::bit_cast<uint64_t>(by.Predict(x));
    by.Learn(x, static_cast<double>(i * 37 % 101 - 50), 1 - 1.0 / 512);
  }
  return digest;
}

void CheckDigest(bool right) {
  if (right) return;
  throw Error(ErrorKind::kNumerics,
              "this build does not compute as nncpp's archives need (wrong "
              "compiler options or a faulty machine); build it with plain "
              "'make'");
}

}  // namespace

uint64_t SelfTestDigest(Backend& backend) {
  return DigestOf(backend, /*cells=*/37, 96);  // a width that fits no vector
}

uint64_t ArithmeticId() { return kDigest; }

uint64_t SelfTestDigest() { return SelfTestDigest(*MakeCpuBackend(1)); }

void SelfTest() {
  CheckDigest(SelfTestDigest() == kDigest &&
              LeastSquaresDigest() == kLeastSquaresDigest);
}

// A device has other ways for a layer whose weights do not fit on the chip.
void SelfTest(Backend& device) {
  constexpr int64_t kCells = 200, kSymbols = 48;
  CheckDigest(SelfTestDigest(device) == kDigest);
  CheckDigest(DigestOf(device, kCells, kSymbols) ==
              DigestOf(*MakeCpuBackend(1), kCells, kSymbols));
}

}  // namespace nncpp
