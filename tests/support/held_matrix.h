// tests/support/held_matrix.h -- matrices and symbols in backend memory, for
// tests.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/backend.h"

namespace nncpp::testing {

class HeldMatrix {
 public:
  // Zeros, or a copy of `values`.
  HeldMatrix(Backend& backend, int64_t rows, int64_t cols)
      : backend_(&backend),
        array_(backend.NewArray(rows * cols)),
        rows_(rows),
        cols_(cols) {}
  HeldMatrix(Backend& backend, int64_t rows, int64_t cols,
             const std::vector<float>& values)
      : HeldMatrix(backend, rows, cols) {
    backend.Upload(values, array_.get());
  }

  Matrix view() const { return {array_.get(), rows_, cols_}; }
  operator Matrix() const { return view(); }
  operator ConstMatrix() const { return view(); }

  std::vector<float> Values() const {
    std::vector<float> values(static_cast<size_t>(rows_ * cols_));
    backend_->Download(array_.get(), values);
    return values;
  }

 private:
  Backend* backend_;
  std::shared_ptr<float[]> array_;
  int64_t rows_, cols_;
};

class HeldSymbols {
 public:
  HeldSymbols(Backend& backend, int64_t rows, int64_t cols,
              const std::vector<int32_t>& values)
      : backend_(&backend),
        array_(backend.NewSymbols(rows * cols)),
        rows_(rows),
        cols_(cols) {
    backend.UploadSymbols(values, array_.get());
  }

  Symbols view() const { return {array_.get(), rows_, cols_}; }
  operator ConstSymbols() const { return view(); }

  std::vector<int32_t> Values() const {
    std::vector<int32_t> values(static_cast<size_t>(rows_ * cols_));
    backend_->DownloadSymbols(array_.get(), values);
    return values;
  }

 private:
  Backend* backend_;
  std::shared_ptr<int32_t[]> array_;
  int64_t rows_, cols_;
};

}  // namespace nncpp::testing
