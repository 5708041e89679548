// tests/support/float_attention.cc -- FloatBackend's attention in fp32.
#include <algorithm>
#include <cmath>

#include "tests/support/float_backend.h"

namespace nncpp::testing {
namespace {

// Both as they are quantised and in fp32, as [stream][position][C].
class FloatKeyValues : public KeyValues {
 public:
  int64_t positions = 0, width = 0;
  std::vector<float> key, value;
  std::unique_ptr<KeyValues> exact;  // of CpuBackend

  const float* Key(int64_t b, int64_t position) const {
    return key.data() + (b * positions + position) * width;
  }
  const float* Value(int64_t b, int64_t position) const {
    return value.data() + (b * positions + position) * width;
  }
};

FloatKeyValues& Cast(KeyValues& memory) {
  return static_cast<FloatKeyValues&>(memory);
}
const FloatKeyValues& Cast(const KeyValues& memory) {
  return static_cast<const FloatKeyValues&>(memory);
}

float Dot(const float* x, const float* y, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

void AddTimes(const float* x, float factor, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i] * factor;
}

}  // namespace

std::unique_ptr<KeyValues> FloatBackend::NewKeyValues(int64_t streams,
                                                      int64_t heads,
                                                      int64_t head_size,
                                                      int64_t positions) {
  auto memory = std::make_unique<FloatKeyValues>();
  memory->positions = positions;
  memory->width = heads * head_size;
  memory->key.resize(static_cast<size_t>(streams * positions * memory->width));
  memory->value.resize(memory->key.size());
  memory->exact =
      CpuBackend::NewKeyValues(streams, heads, head_size, positions);
  return memory;
}

void FloatBackend::QuantizeKeyValues(ConstMatrix key, ConstMatrix value,
                                     int64_t streams, int64_t first,
                                     KeyValues& quantized) {
  FloatKeyValues& out = Cast(quantized);
  CpuBackend::QuantizeKeyValues(key, value, streams, first, *out.exact);
  for (int64_t r = 0; r < key.rows; ++r) {
    const int64_t row = r % streams * out.positions + first + r / streams;
    std::copy_n(key.data + r * key.stride, out.width,
                out.key.data() + row * out.width);
    std::copy_n(value.data + r * value.stride, out.width,
                out.value.data() + row * out.width);
  }
}

void FloatBackend::MoveKeyValues(int64_t steps, KeyValues& quantized) {
  FloatKeyValues& memory = Cast(quantized);
  CpuBackend::MoveKeyValues(steps, *memory.exact);
  // Streams lie one behind another, so each one's last steps are undefined.
  for (auto* x : {&memory.key, &memory.value}) {
    std::copy(x->begin() + steps * memory.width, x->end(), x->begin());
  }
}

void FloatBackend::AttentionForward(const Attention& attention,
                                    const KeyValues& memory) {
  const FloatKeyValues& kv = Cast(memory);
  if (products_ == Products::kExpected) {
    CpuBackend::AttentionForward(attention, *kv.exact);
    return;
  }
  const Attention a = Placed(attention);
  const int64_t size = a.query.cols / a.heads;
  const int64_t window = a.weights.cols / a.heads;
  for (int64_t r = 0; r < a.query.rows; ++r) {
    const int64_t b = r % a.streams, first = a.first + r / a.streams;
    for (int64_t h = 0; h < a.heads; ++h) {
      const float* q = a.query.data + r * a.query.stride + h * size;
      const int64_t relative_row = a.relative.rows == 1 ? 0 : r;
      const float* relative =
          a.relative.data + relative_row * a.relative.stride + h * window;
      float* p = a.weights.data + r * a.weights.stride + h * window;
      float* out = a.out.data + r * a.out.stride + h * size;
      for (int64_t w = 0; w < window; ++w) {
        p[w] = (Dot(q, kv.Key(b, first + w) + h * size, size) + relative[w]) *
               a.scale;
      }
      const float most = *std::max_element(p, p + window);
      float sum = 0;
      for (int64_t w = 0; w < window; ++w) sum += p[w] = std::exp(p[w] - most);
      std::fill_n(out, size, 0.0f);
      for (int64_t w = 0; w < window; ++w) {
        p[w] /= sum;
        AddTimes(kv.Value(b, first + w) + h * size, p[w], size, out);
      }
    }
  }
}

void FloatBackend::AttentionBackward(const AttentionGradient& g,
                                     const KeyValues& memory) {
  const FloatKeyValues& kv = Cast(memory);
  if (products_ == Products::kExpected) {
    CpuBackend::AttentionBackward(g, *kv.exact);
    return;
  }
  const Attention& a = g.attention;
  const int64_t size = a.query.cols / a.heads;
  const int64_t window = a.weights.cols / a.heads;
  for (const Matrix& d : {g.dquery, g.dkey, g.dvalue}) {
    for (int64_t r = 0; r < d.rows; ++r) {
      std::fill_n(d.data + r * d.stride, d.cols, 0.0f);
    }
  }
  for (int64_t r = 0; r < a.query.rows; ++r) {
    const int64_t b = r % a.streams, t = r / a.streams;
    for (int64_t h = 0; h < a.heads; ++h) {
      const int64_t at = h * size;
      const float* q = a.query.data + r * a.query.stride + at;
      const float* p = a.weights.data + r * a.weights.stride + h * window;
      const float* dout = g.dout.data + r * g.dout.stride + at;
      float* ds = g.drelative.data + r * g.drelative.stride + h * window;
      const float dot = Dot(dout, a.out.data + r * a.out.stride + at, size);
      for (int64_t w = 0; w < window; ++w) {
        const float dp = Dot(dout, kv.Value(b, t + w) + at, size);
        ds[w] = p[w] * (dp - dot) * a.scale;
        AddTimes(kv.Key(b, t + w) + at, ds[w], size,
                 g.dquery.data + r * g.dquery.stride + at);
        const int64_t step = t + w - (window - 1);
        if (step < 0) continue;  // memory
        const int64_t row = step * a.streams + b;
        AddTimes(q, ds[w], size, g.dkey.data + row * g.dkey.stride + at);
        AddTimes(dout, p[w], size, g.dvalue.data + row * g.dvalue.stride + at);
      }
    }
  }
  VectorsBackward(g);
}

}  // namespace nncpp::testing
