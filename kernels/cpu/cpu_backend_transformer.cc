// kernels/cpu/cpu_backend_transformer.cc -- CpuBackend's rows of a Transformer.
#include <algorithm>
#include <cstdint>

#include "kernels/cpu/cpu_backend.h"

namespace nncpp::cpu {

void CpuBackend::Copy(ConstMatrix x, Matrix y) {
  for (int64_t r = 0; r < x.rows; ++r) {
    std::copy_n(x.data + r * x.stride, x.cols, y.data + r * y.stride);
  }
}

void CpuBackend::Clear(Matrix x) {
  for (int64_t r = 0; r < x.rows; ++r) {
    std::fill_n(x.data + r * x.stride, x.cols, 0.0f);
  }
}

void CpuBackend::EmbeddingForward(ConstMatrix table, ConstSymbols symbols,
                                  Matrix y) {
  for (int64_t r = 0; r < y.rows; ++r) {
    std::copy_n(table.data + std::max(symbols.data[r], 0) * table.stride,
                y.cols, y.data + r * y.stride);
  }
}

void CpuBackend::LinearForward(ConstMatrix x, const Linear& linear) {
  const Matrix& y = linear.y;
  Matrix z = y;
  if (linear.add) {
    product_.Reserve(y.rows * y.cols);
    z = {product_.data(), y.rows, y.cols};
  }
  ProductForward(x, linear.weights, z);
  if (linear.bias.data != nullptr) AddBias(linear.bias, z);
  if (linear.add) Add(z, y);
}

void CpuBackend::NormLinearForward(const RmsNorm& norm, const Linear& linear) {
  RmsNormForward(norm);
  LinearForward(norm.y, linear);
}

void CpuBackend::GateLinearForward(const GatedUnit& unit,
                                   const Linear& linear) {
  const Matrix &u = unit.u, &y = unit.y;
  if (unit.bias.data != nullptr) AddBias(unit.bias, u);
  Share(32 * y.rows * y.cols, [&](int i, int n) {
    const Range part = PartOf(y.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      form_.transformer->gate(u.data + r * u.stride, y.cols,
                              y.data + r * y.stride);
    }
  });
  LinearForward(y, linear);
}

void CpuBackend::RmsNormForward(const RmsNorm& norm) {
  Share(4 * norm.x.rows * norm.x.cols, [&](int i, int n) {
    const Range part = PartOf(norm.x.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      norm.inverse_rms.data[r * norm.inverse_rms.stride] =
          form_.transformer->rms_norm(norm.x.data + r * norm.x.stride,
                                      norm.gain.data, norm.x.cols,
                                      norm.normed.data + r * norm.normed.stride,
                                      norm.y.data + r * norm.y.stride);
    }
  });
  if (norm.bias.data != nullptr) AddBias(norm.bias, norm.y);
}

void CpuBackend::RmsNormBackward(ConstMatrix dy, ConstMatrix gain,
                                 ConstMatrix normed, ConstMatrix inverse_rms,
                                 Matrix dx) {
  Share(8 * dy.rows * dy.cols, [&](int i, int n) {
    const Range part = PartOf(dy.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      form_.transformer->rms_norm_backward(
          dy.data + r * dy.stride, gain.data, normed.data + r * normed.stride,
          inverse_rms.data[r * inverse_rms.stride], dy.cols,
          dx.data + r * dx.stride);
    }
  });
}

void CpuBackend::GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du) {
  Share(48 * dy.rows * dy.cols, [&](int i, int n) {
    const Range part = PartOf(dy.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      form_.transformer->gate_backward(u.data + r * u.stride,
                                       dy.data + r * dy.stride, dy.cols,
                                       du.data + r * du.stride);
    }
  });
}

}  // namespace nncpp::cpu
