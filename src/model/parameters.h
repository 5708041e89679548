// src/model/parameters.h -- all parameters in one flat array, with named views.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backend.h"

namespace nncpp {

// One matrix within the flat array.
struct ParameterView {
  std::string name;  // "recurrent 0", say
  int64_t offset = 0;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t count() const { return rows * cols; }
};

// The weights, their gradients and Adam's second moments share one layout:
// dense matrices first, which every update touches whole, then tables, of
// which it touches the rows that occurred.
class ParameterLayout {
 public:
  // Returns the index of the view. Tables come after all dense matrices.
  int64_t AddDense(std::string name, int64_t rows, int64_t cols);
  int64_t AddTable(std::string name, int64_t rows, int64_t cols);

  const std::vector<ParameterView>& views() const { return views_; }
  int64_t count() const { return count_; }
  int64_t dense_count() const { return dense_count_; }

  Matrix View(float* flat, int64_t index) const {
    const ParameterView& v = views_[static_cast<size_t>(index)];
    return {flat + v.offset, v.rows, v.cols};
  }

 private:
  std::vector<ParameterView> views_;
  int64_t count_ = 0;
  int64_t dense_count_ = 0;
};

// Fills x with uniform numbers in (-range, range), from Philox integers times
// a power of two, then times range (law 4).
void FillUniform(uint64_t seed, uint32_t tensor, float range,
                 std::span<float> x);

}  // namespace nncpp
