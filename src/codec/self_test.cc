// src/codec/self_test.cc -- SelfTest of src/codec/codec.h
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/environment.h"
#include "kernels/make_backend.h"
#include "src/base/error.h"
#include "src/codec/codec.h"
#include "src/codec/step.h"

namespace nncpp {
namespace {

// What every sound build computes. A change of the arithmetic or of the tiny
// profile changes it; the test of the self-test prints the new one.
constexpr uint64_t kDigest = 0x55347d4dbf91f406;

}  // namespace

uint64_t SelfTestDigest(Backend& backend) {
  SetFloatEnvironment();
  ModelConfig config = ProfileConfig("tiny");
  config.layers = 2;  // every operation, at a width that fits no vector
  config.cells = 37;
  config.stream_symbols = 40;  // two streams
  config.replay_period = 64;
  config.mixing = 2;
  config.mixing_bits = 10;
  std::vector<uint16_t> text(96);
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<uint16_t>(i * i % 251 % 7 + 'a');
  }
  const std::unique_ptr<Model> model = MakeModel(config, backend);
  EncodeBlock(config, text, *model, [](int64_t, int64_t) {});
  return FloatEnvironmentIsDefault() ? model->Digest() : 0;
}

uint64_t ArithmeticId() { return kDigest; }

uint64_t SelfTestDigest() { return SelfTestDigest(*MakeCpuBackend(1)); }

void SelfTest() { SelfTest(*MakeCpuBackend(1)); }

void SelfTest(Backend& backend) {
  if (SelfTestDigest(backend) == kDigest) return;
  throw Error(ErrorKind::kNumerics,
              "this build does not compute as nncpp's archives need (wrong "
              "compiler options or a faulty machine); build it with plain "
              "'make'");
}

}  // namespace nncpp
