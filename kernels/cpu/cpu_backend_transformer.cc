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

void CpuBackend::RmsNormForward(ConstMatrix x, ConstMatrix gain, Matrix normed,
                                Matrix inverse_rms, Matrix y) {
  Share(4 * x.rows * x.cols, [&](int i, int n) {
    const Range part = PartOf(x.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      inverse_rms.data[r * inverse_rms.stride] = form_.transformer->rms_norm(
          x.data + r * x.stride, gain.data, x.cols,
          normed.data + r * normed.stride, y.data + r * y.stride);
    }
  });
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

void CpuBackend::GateForward(ConstMatrix u, Matrix y) {
  Share(32 * y.rows * y.cols, [&](int i, int n) {
    const Range part = PartOf(y.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      form_.transformer->gate(u.data + r * u.stride, y.cols,
                              y.data + r * y.stride);
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
