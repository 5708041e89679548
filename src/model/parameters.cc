// src/model/parameters.cc -- contract: src/model/parameters.h
#include "src/model/parameters.h"

#include <utility>

#include "kernels/numerics.h"
#include "src/base/check.h"

namespace nncpp {
namespace {

// Views begin at cache lines.
int64_t Aligned(int64_t count) { return (count + 15) / 16 * 16; }

}  // namespace

int64_t ParameterLayout::AddDense(std::string name, int64_t rows,
                                  int64_t cols) {
  NNCPP_CHECK(dense_count_ == count_);
  const int64_t index = AddTable(std::move(name), rows, cols);
  dense_count_ = count_;
  return index;
}

int64_t ParameterLayout::AddTable(std::string name, int64_t rows,
                                  int64_t cols) {
  views_.push_back({std::move(name), count_, rows, cols});
  count_ += Aligned(rows * cols);
  return std::ssize(views_) - 1;
}

void FillUniform(uint64_t seed, uint32_t tensor, float range,
                 std::span<float> x) {
  for (size_t i = 0; i < x.size(); i += 4) {
    uint32_t word[4][1] = {{static_cast<uint32_t>(i / 4)},
                           {static_cast<uint32_t>(i >> 34)},
                           {tensor},
                           {0x696e6974u}};  // "init"
    PhiloxWords(word, seed);
    for (size_t j = 0; j < 4 && i + j < x.size(); ++j) {
      const auto centred = static_cast<int32_t>(word[j][0] >> 8) - (1 << 23);
      x[i + j] = (static_cast<float>(centred) + 0.5f) * 0x1p-23f * range;
    }
  }
}

}  // namespace nncpp
