// src/model/context_mixing/mixer.cc -- contract:
// src/model/context_mixing/mixer.h
#include "src/model/context_mixing/mixer.h"

#include <algorithm>
#include <cstdlib>

#include "src/base/check.h"
#include "src/model/context_mixing/logistic.h"

namespace nncpp {
namespace {

constexpr int kSumShift = 6;  // 14 bits of weight, less 8 within a sum
constexpr int kRateShift = 14;
constexpr int64_t kLeastError = 256;  // of 2^16

int64_t Padded(int64_t inputs) {
  return (inputs + kMixerGrain - 1) / kMixerGrain * kMixerGrain;
}

int64_t Vectors(std::span<const int64_t> contexts) {
  int64_t sum = 0;
  for (const int64_t count : contexts) sum += count;
  return sum;
}

}  // namespace

int64_t MixerLayer::Bytes(int64_t inputs, std::span<const int64_t> contexts) {
  return Vectors(contexts) * Padded(inputs) *
         static_cast<int64_t>(sizeof(int16_t));
}

MixerLayer::MixerLayer(int64_t inputs, std::span<const int64_t> contexts,
                       int16_t weight, Rates rates)
    : stride_(Padded(inputs)),
      rates_(rates),
      ops_(CpuMixing()),
      sizes_(contexts.begin(), contexts.end()),
      weights_(static_cast<size_t>(Vectors(contexts) * stride_), weight),
      errors_(contexts.size()),
      sums_(contexts.size()) {
  int64_t first = 0;
  for (const int64_t count : contexts) {
    first_.push_back(first);
    selected_.push_back(weights_.data() + first * stride_);
    first += count;
  }
}

void MixerLayer::Select(int64_t m, int64_t context) {
  const auto i = static_cast<size_t>(m);
  NNCPP_CHECK(context >= 0 && context < sizes_[i]);
  selected_[i] = weights_.data() + (first_[i] + context) * stride_;
}

std::span<const int32_t> MixerLayer::Mix(const int16_t* inputs) {
  inputs_ = inputs;
  ops_.dots(inputs_, stride_, selected_.data(), mixers(), sums_.data());
  for (int32_t& sum : sums_) sum = ClampLogit(sum >> kSumShift);
  return sums_;
}

void MixerLayer::Train(int bit) {
  const auto age = static_cast<int64_t>(bits_ / 64);
  const int64_t rate = rates_.last + int64_t{rates_.first - rates_.last} *
                                         rates_.decay / (rates_.decay + age);
  ++bits_;
  for (size_t m = 0; m < sums_.size(); ++m) {
    const auto p = static_cast<int32_t>(Squash(sums_[m]) >> 8);
    const int64_t error = (int64_t{bit} << 16) - p;
    const int64_t step = error * rate >> kRateShift;
    errors_[m] =
        static_cast<int16_t>(std::abs(error) < kLeastError
                                 ? 0
                                 : std::clamp<int64_t>(step, -32767, 32767));
  }
  ops_.train(inputs_, stride_, errors_.data(), mixers(), selected_.data());
}

std::vector<std::span<uint8_t>> MixerLayer::State() {
  return {{reinterpret_cast<uint8_t*>(weights_.data()),
           weights_.size() * sizeof(weights_[0])},
          {reinterpret_cast<uint8_t*>(&bits_), sizeof(bits_)}};
}

}  // namespace nncpp
