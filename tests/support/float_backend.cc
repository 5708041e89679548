// tests/support/float_backend.cc -- contract: float_backend.h
#include "tests/support/float_backend.h"

#include <algorithm>
#include <cstring>

#include "kernels/environment.h"

namespace nncpp::testing {
namespace {

class FloatWeights : public Weights {
 public:
  int64_t n = 0, k = 0;
  std::vector<float> w, transposed;  // N x K, K x N
  std::unique_ptr<Weights> exact;    // of CpuBackend
};

// Four floats; an instruction each, whatever optimisation is asked for.
constexpr int64_t kWidth = 4;
using Four = float __attribute__((vector_size(16)));

Four Load(const float* p) {
  Four v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

// y = sum over l of a[m][l] * b[l][j], for kRows rows and columns [j, end).
// Elements of a are a_row apart along m and a_step along l.
template <int kRows>
void MultiplyRows(const float* a, int64_t a_row, int64_t a_step, const float* b,
                  int64_t b_stride, int64_t depth, int64_t cols, float* y,
                  int64_t y_stride) {
  constexpr int kTiles = 3;
  int64_t j = 0;
  for (; j + kTiles * kWidth <= cols; j += kTiles * kWidth) {
    Four sum[kRows][kTiles] = {};
    for (int64_t l = 0; l < depth; ++l) {
      Four row[kTiles];
      for (int t = 0; t < kTiles; ++t) {
        row[t] = Load(b + l * b_stride + j + t * kWidth);
      }
      for (int m = 0; m < kRows; ++m) {
        const float x = a[m * a_row + l * a_step];
        const Four xs = {x, x, x, x};
        for (int t = 0; t < kTiles; ++t) sum[m][t] += xs * row[t];
      }
    }
    for (int m = 0; m < kRows; ++m) {
      std::memcpy(y + m * y_stride + j, sum[m], sizeof(sum[m]));
    }
  }
  for (; j < cols; ++j) {
    for (int m = 0; m < kRows; ++m) {
      float sum = 0;
      for (int64_t l = 0; l < depth; ++l) {
        sum += a[m * a_row + l * a_step] * b[l * b_stride + j];
      }
      y[m * y_stride + j] = sum;
    }
  }
}

void Multiply(ThreadPool& pool, const float* a, int64_t a_row, int64_t a_step,
              const float* b, int64_t b_stride, int64_t depth, Matrix y) {
  pool.Run([&](int i) {
    const Range part = PartOf(y.cols, pool.threads(), i, 16);
    const int64_t cols = part.end - part.begin;
    const float* from = b + part.begin;
    int64_t m = 0;
    for (; m + 4 <= y.rows; m += 4) {
      MultiplyRows<4>(a + m * a_row, a_row, a_step, from, b_stride, depth, cols,
                      y.data + m * y.stride + part.begin, y.stride);
    }
    for (; m < y.rows; ++m) {
      MultiplyRows<1>(a + m * a_row, a_row, a_step, from, b_stride, depth, cols,
                      y.data + m * y.stride + part.begin, y.stride);
    }
  });
}

}  // namespace

FloatBackend::FloatBackend(Products products, int threads)
    : cpu::CpuBackend(cpu::AvailableForms().back(), threads),
      ops_(cpu::AvailableForms().back().ops),
      products_(products),
      pool_(threads, SetFloatEnvironment) {}

std::unique_ptr<Weights> FloatBackend::NewWeights(int64_t n, int64_t k) {
  auto weights = std::make_unique<FloatWeights>();
  weights->n = n;
  weights->k = k;
  weights->w.resize(static_cast<size_t>(n * k));
  weights->transposed.resize(static_cast<size_t>(n * k));
  weights->exact = CpuBackend::NewWeights(n, k);
  return weights;
}

void FloatBackend::QuantizeWeights(ConstMatrix w, Weights& quantized) {
  auto& out = static_cast<FloatWeights&>(quantized);
  if (products_ == Products::kExpected) {
    CpuBackend::QuantizeWeights(w, *out.exact);
  }
  const int64_t padded = cpu::PaddedColumns(out.k);
  std::vector<int16_t> q(static_cast<size_t>(padded));
  for (int64_t r = 0; r < out.n; ++r) {
    const float* in = w.data + r * w.stride;
    float* row = out.w.data() + r * out.k;
    std::copy_n(in, out.k, row);
    if (products_ == Products::kFloat) continue;
    const float scale = ops_->quantize_row(in, out.k, padded, q.data());
    for (int64_t c = 0; c < out.k; ++c) {
      row[c] = static_cast<float>(q[static_cast<size_t>(c)]) * scale;
    }
  }
  for (int64_t r = 0; r < out.n; ++r) {
    for (int64_t c = 0; c < out.k; ++c) {
      out.transposed[static_cast<size_t>(c * out.n + r)] =
          out.w[static_cast<size_t>(r * out.k + c)];
    }
  }
}

void FloatBackend::ProductForward(ConstMatrix x, const Weights& w, Matrix y) {
  const auto& weights = static_cast<const FloatWeights&>(w);
  if (products_ == Products::kExpected) {
    CpuBackend::ProductForward(x, *weights.exact, y);
    return;
  }
  Multiply(pool_, x.data, x.stride, 1, weights.transposed.data(), weights.n,
           x.cols, y);
}

void FloatBackend::ProductBackward(ConstMatrix dy, const Weights& w,
                                   const NoiseKey&, int64_t, Matrix dx) {
  const auto& weights = static_cast<const FloatWeights&>(w);
  Multiply(pool_, dy.data, dy.stride, 1, weights.w.data(), weights.k, dy.cols,
           dx);
}

void FloatBackend::ProductGradient(ConstMatrix dy, ConstMatrix x,
                                   const NoiseKey&, Matrix dw) {
  if (products_ == Products::kFloat) {
    Multiply(pool_, dy.data, 1, dy.stride, x.data, x.stride, dy.rows, dw);
    return;
  }
  const int64_t stride = cpu::PaddedColumns(x.cols);
  std::vector<int16_t> q(static_cast<size_t>((x.rows + 1) / 2 * 2 * stride));
  std::vector<float> scale(static_cast<size_t>(stride));
  ops_->quantize_columns(x.data, x.rows, x.stride, x.cols, 0, stride, nullptr,
                         stride, q.data(), scale.data());
  std::vector<float> rounded(static_cast<size_t>(x.rows * x.cols));
  for (int64_t r = 0; r < x.rows; ++r) {
    for (int64_t c = 0; c < x.cols; ++c) {
      const auto at = static_cast<size_t>(r / 2 * 2 * stride + 2 * c + r % 2);
      rounded[static_cast<size_t>(r * x.cols + c)] =
          static_cast<float>(q[at]) * scale[static_cast<size_t>(c)];
    }
  }
  Multiply(pool_, dy.data, 1, dy.stride, rounded.data(), x.cols, dy.rows, dw);
}

void FloatBackend::AddElements(std::span<const SparseElement> elements,
                               Matrix x) {
  elements_.assign(elements.begin(), elements.end());
  CpuBackend::AddElements(elements, x);
}

}  // namespace nncpp::testing
