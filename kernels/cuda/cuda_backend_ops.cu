// kernels/cuda/cuda_backend_ops.cu -- CudaBackend's operations beside products.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/ops.h"
#include "src/base/check.h"

namespace nncpp::cuda {
namespace {

template <typename T>
std::span<const T> View(const std::vector<T>& values) {
  return values;
}

// 0, 1, ... count - 1 in ascending order of key(i), those of one key in order.
template <typename Key>
std::vector<int32_t> OrderBy(size_t count, Key key) {
  std::vector<int32_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = static_cast<int32_t>(i);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return key(static_cast<size_t>(a)) < key(static_cast<size_t>(b));
  });
  return order;
}

}  // namespace

void CudaBackend::LstmCellForward(const LstmCell& cell, ConstSymbols symbols) {
  cuda::LstmCellForward(cell, symbols.data, nullptr, stream_);
}

void CudaBackend::LstmCellBackward(const LstmCellGradient& gradient) {
  cuda::LstmCellBackward(gradient, nullptr, stream_);
}

void CudaBackend::SumRows(ConstMatrix x, Matrix out) {
  SumAllRows(x, {}, out, stream_);
}

void CudaBackend::SumRowProducts(ConstMatrix x, ConstMatrix y, Matrix out) {
  SumAllRows(x, y, out, stream_);
}

void CudaBackend::EmbeddingGradient(ConstMatrix dx, ConstSymbols symbols,
                                    Matrix table) {
  SumBySymbols(dx, symbols.data, order_.Reserve<int32_t>(dx.rows), table,
               stream_);
}

void CudaBackend::EmbeddingForward(ConstMatrix table, ConstSymbols symbols,
                                   Matrix y) {
  cuda::EmbeddingForward(table, symbols.data, y, stream_);
}

void CudaBackend::Dropout(ConstMatrix x, const NoiseKey& noise,
                          int64_t first_row, float rate, Matrix y) {
  cuda::Dropout(x, OnDevice(noise), first_row, rate, y, stream_);
}

void CudaBackend::Clear(Matrix x) { cuda::Clear(x, stream_); }

void CudaBackend::Add(ConstMatrix y, Matrix x) { cuda::Add(y, x, stream_); }

void CudaBackend::AddElements(std::span<const SparseElement> elements,
                              Matrix x) {
  if (elements.empty()) return;
  const std::vector<int32_t> order = OrderBy(elements.size(), [&](size_t i) {
    return elements[i].row * x.cols + elements[i].column;
  });
  const auto [d_elements, d_order] = staging_.Put(elements, View(order));
  cuda::AddElements(d_elements, d_order, std::ssize(elements), x, stream_);
}

void CudaBackend::Gather(ConstMatrix x, std::span<const SparseElement> elements,
                         std::span<float> out) {
  const auto [on_device] = staging_.Put(elements);
  auto* gathered = gathered_.Reserve<float>(std::ssize(elements));
  cuda::Gather(x, on_device, std::ssize(elements), gathered, stream_);
  CopyOut(gathered, out.data(), static_cast<int64_t>(out.size_bytes()));
}

void CudaBackend::Adam(const AdamStep& step, ConstMatrix gradient,
                       Matrix weight, Matrix second) {
  NNCPP_CHECK(weight.stride == weight.cols && second.stride == second.cols &&
              gradient.stride == gradient.cols);
  cuda::Adam(step, gradient.data, weight.data, second.data,
             weight.rows * weight.cols, stream_);
}

void CudaBackend::AdamRows(const AdamStep& step, std::span<const int32_t> rows,
                           std::span<const float> corrections,
                           ConstMatrix gradient, Matrix weight, Matrix second) {
  const auto [d_rows, d_corrections] = staging_.Put(rows, corrections);
  cuda::AdamRows(step, d_rows, d_corrections, std::ssize(rows), gradient,
                 weight, second, stream_);
}

}  // namespace nncpp::cuda
