// tests/support/reference_transformer.h -- src/model/transformer.h in double.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"
#include "src/model/parameters.h"

namespace nncpp::testing {

// Written from the formulas of kernels/backend.h and src/model/transformer.h
// and nothing else: libm, no quantisation, one row at a time.
class ReferenceTransformer {
 public:
  using Vector = std::vector<double>;

  // Keys and values of each layer * streams + stream, oldest first, and the
  // last symbols of each stream, the latest first.
  struct State {
    std::vector<std::vector<Vector>> keys, values;
    std::vector<std::vector<int32_t>> recent;
  };

  // `parameters` are in the order of `layout`, which must outlive this.
  ReferenceTransformer(const ModelConfig& config, const ParameterLayout& layout,
                       Vector parameters)
      : config_(config), layout_(layout), parameters_(std::move(parameters)) {}

  State Start(int64_t streams) const;

  // As ReferenceLstm::Loss. What the state remembers is not a function of the
  // parameters.
  double Loss(std::span<const int32_t> targets,
              std::span<const SparseElement> elements, State& state) const;

  Vector& parameters() { return parameters_; }

 private:
  const double* Find(const std::string& name) const;  // or null
  Vector Norm(const Vector& x, const std::string& name,
              const std::string& index) const;
  void NormHeads(const std::string& index, Vector& qkv) const;
  Vector Times(const std::string& name, size_t rows, const Vector& x) const;
  void AddBias(const std::string& name, Vector& x) const;
  Vector Attend(const Vector& qkv, const std::string& index,
                const std::vector<Vector>& keys,
                const std::vector<Vector>& values) const;
  void Layer(const std::string& index, std::vector<Vector>& keys,
             std::vector<Vector>& values, Vector& x) const;

  const ModelConfig config_;
  const ParameterLayout& layout_;
  Vector parameters_;
};

}  // namespace nncpp::testing
