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

// What every sound build computes (tests/codec/self_test_test.cc compares it
// with a fresh computation by each form).
constexpr uint64_t kDigest = 0;

}  // namespace

void SelfTest() {
  SetFloatEnvironment();
  const ModelConfig config = ProfileConfig("tiny");
  std::vector<uint16_t> text(96);
  for (size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<uint16_t>(i * i % 251 % 7 + 'a');
  }
  const std::unique_ptr<Backend> backend = MakeCpuBackend(1);
  const std::unique_ptr<Model> model = MakeModel(config, *backend);
  EncodeBlock(config, text, *model, [](int64_t, int64_t) {});
  if (!FloatEnvironmentIsDefault() || model->Digest() != kDigest) {
    throw Error(ErrorKind::kNumerics,
                "this build does not compute as nncpp's archives need (wrong "
                "compiler options or a faulty machine); build it with plain "
                "'make'");
  }
}

}  // namespace nncpp
