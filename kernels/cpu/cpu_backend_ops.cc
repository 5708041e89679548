// kernels/cpu/cpu_backend_ops.cc -- CpuBackend's operations beside products.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "src/base/check.h"

namespace nncpp::cpu {

namespace {

// Row r of a matrix, or null where it has no data.
template <typename T>
T* RowOf(const MatrixRef<T>& x, int64_t r) {
  return x.data == nullptr ? nullptr : x.data + r * x.stride;
}

}  // namespace

void CpuBackend::LstmCellForward(const LstmCell& cell, ConstSymbols symbols) {
  const int64_t rows = cell.h.rows, cells = cell.h.cols;
  Share(64 * rows * cells, [&](int i, int n) {
    const Range part = PartOf(rows, n, i);
    for (int64_t b = part.begin; b < part.end; ++b) {
      form_.ops->cell_forward({
          .cells = cells,
          .from_below = RowOf(cell.from_below, b),
          .recurrent = cell.recurrent.data + b * cell.recurrent.stride,
          .embedding = cell.table.data +
                       std::max(symbols.data[b], 0) * cell.table.stride,
          .gain = cell.gain.data,
          .bias = cell.bias.data,
          .c_before = cell.c_before.data + b * cell.c_before.stride,
          .normed = RowOf(cell.normed, b),
          .inverse_rms = RowOf(cell.inverse_rms, b),
          .gates = cell.gates.data + b * cell.gates.stride,
          .c = cell.c.data + b * cell.c.stride,
          .h = cell.h.data + b * cell.h.stride,
      });
    }
  });
}

void CpuBackend::LstmCellBackward(const LstmCellGradient& gradient) {
  const LstmCell& cell = gradient.cell;
  const int64_t rows = cell.h.rows, cells = cell.h.cols;
  Share(64 * rows * cells, [&](int i, int n) {
    const Range part = PartOf(rows, n, i);
    for (int64_t b = part.begin; b < part.end; ++b) {
      form_.ops->cell_backward({
          .cells = cells,
          .gain = cell.gain.data,
          .normed = RowOf(cell.normed, b),
          .inverse_rms = RowOf(cell.inverse_rms, b),
          .gates = cell.gates.data + b * cell.gates.stride,
          .c_before = cell.c_before.data + b * cell.c_before.stride,
          .c = cell.c.data + b * cell.c.stride,
          .dh_above = gradient.dh_above.data + b * gradient.dh_above.stride,
          .dh_recurrent = RowOf(gradient.dh_recurrent, b),
          .dc = gradient.dc.data + b * gradient.dc.stride,
          .dnormed = RowOf(gradient.dnormed, b),
          .dsum = gradient.dsum.data + b * gradient.dsum.stride,
      });
    }
  });
}

void CpuBackend::SumChosenRows(const std::vector<const float*>& rows,
                               const std::vector<const float*>& factors,
                               int64_t cols, float* out) {
  Share(8 * std::ssize(rows) * cols, [&](int i, int n) {
    const Range part = PartOf(cols, n, i, 64);
    form_.ops->sum_rows(rows.data(), factors.empty() ? nullptr : factors.data(),
                        std::ssize(rows), part.begin, part.end, out);
  });
}

void CpuBackend::SumRows(ConstMatrix x, Matrix out) {
  std::vector<const float*> rows;
  for (int64_t r = 0; r < x.rows; ++r) rows.push_back(x.data + r * x.stride);
  SumChosenRows(rows, {}, x.cols, out.data);
}

void CpuBackend::SumRowProducts(ConstMatrix x, ConstMatrix y, Matrix out) {
  std::vector<const float*> rows, factors;
  for (int64_t r = 0; r < x.rows; ++r) {
    rows.push_back(x.data + r * x.stride);
    factors.push_back(y.data + r * y.stride);
  }
  SumChosenRows(rows, factors, x.cols, out.data);
}

void CpuBackend::EmbeddingGradient(ConstMatrix dx, ConstSymbols symbols,
                                   Matrix table) {
  // Rows in the order of their symbols, each symbol's group one sum.
  const auto symbol_of = [&](int32_t r) {
    return std::max(symbols.data[r], 0);
  };
  std::vector<int32_t> order(static_cast<size_t>(dx.rows));
  for (size_t r = 0; r < order.size(); ++r) order[r] = static_cast<int32_t>(r);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return symbol_of(a) < symbol_of(b);
  });
  struct Group {
    int32_t symbol;
    int64_t begin, count;
  };
  std::vector<Group> groups;
  std::vector<const float*> rows;
  for (const int32_t r : order) {
    const int32_t s = symbol_of(r);
    if (groups.empty() || groups.back().symbol != s) {
      groups.push_back({s, std::ssize(rows), 0});
    }
    ++groups.back().count;
    rows.push_back(dx.data + r * dx.stride);
  }
  Share(8 * dx.rows * dx.cols, [&](int i, int n) {
    const Range part = PartOf(std::ssize(groups), n, i);
    for (int64_t g = part.begin; g < part.end; ++g) {
      const Group& group = groups[static_cast<size_t>(g)];
      form_.ops->sum_rows(rows.data() + group.begin, nullptr, group.count, 0,
                          dx.cols, table.data + group.symbol * table.stride);
    }
  });
}

void CpuBackend::AddBias(ConstMatrix bias, Matrix x) {
  for (int64_t r = 0; r < x.rows; ++r) {
    form_.ops->add(bias.data, x.cols, x.data + r * x.stride);
  }
}

void CpuBackend::AddElements(std::span<const SparseElement> elements,
                             Matrix x) {
  for (const SparseElement& e : elements) {
    float& y = x.data[e.row * x.stride + e.column];
    y = y + e.value;
  }
}

void CpuBackend::Gather(ConstMatrix x, std::span<const SparseElement> elements,
                        std::span<float> out) {
  for (size_t i = 0; i < elements.size(); ++i) {
    out[i] = x.data[elements[i].row * x.stride + elements[i].column];
  }
}

void CpuBackend::Dropout(ConstMatrix x, const NoiseKey& noise,
                         int64_t first_row, float rate, Matrix y) {
  const float scale = 1.0f / (1.0f - rate);
  Share(8 * x.rows * x.cols, [&](int i, int n) {
    const Range part = PartOf(x.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      form_.ops->dropout(x.data + r * x.stride, x.cols, noise,
                         static_cast<uint32_t>(first_row + r), rate - 0.5f,
                         scale, y.data + r * y.stride);
    }
  });
}

void CpuBackend::Add(ConstMatrix y, Matrix x) {
  Share(x.rows * x.cols, [&](int i, int n) {
    const Range part = PartOf(x.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      form_.ops->add(y.data + r * y.stride, x.cols, x.data + r * x.stride);
    }
  });
}

namespace {

AdamConstants Constants(const AdamStep& step) {
  return {step.rate, step.beta2, step.correction, step.epsilon, step.clip};
}

}  // namespace

void CpuBackend::Adam(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                      Matrix second) {
  NNCPP_CHECK(weight.stride == weight.cols && second.stride == second.cols &&
              gradient.stride == gradient.cols);
  Share(16 * weight.rows * weight.cols, [&](int i, int n) {
    const Range part = PartOf(weight.rows * weight.cols, n, i, 1024);
    form_.ops->adam(Constants(step), gradient.data + part.begin,
                    weight.data + part.begin, second.data + part.begin,
                    part.end - part.begin);
  });
}

void CpuBackend::AdamQuantize(const AdamStep& step, ConstMatrix gradient,
                              Matrix weight, Matrix second,
                              Weights& quantized) {
  Adam(step, gradient, weight, second);
  QuantizeWeights(weight, quantized);
}

void CpuBackend::AdamRows(const AdamStep& step, std::span<const int32_t> rows,
                          std::span<const float> corrections,
                          ConstMatrix gradient, Matrix weight, Matrix second) {
  Share(16 * std::ssize(rows) * weight.cols, [&](int i, int n) {
    const Range part = PartOf(std::ssize(rows), n, i);
    for (int64_t at = part.begin; at < part.end; ++at) {
      const int64_t r = rows[static_cast<size_t>(at)];
      AdamConstants constants = Constants(step);
      constants.correction = corrections[static_cast<size_t>(at)];
      form_.ops->adam(constants, gradient.data + r * gradient.stride,
                      weight.data + r * weight.stride,
                      second.data + r * second.stride, weight.cols);
    }
  });
}

}  // namespace nncpp::cpu
