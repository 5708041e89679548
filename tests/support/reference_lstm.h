// tests/support/reference_lstm.h -- src/model/lstm.h's forward pass in double.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "src/model/config.h"
#include "src/model/parameters.h"

namespace nncpp::testing {

// Written from the formulas of kernels/backend.h and nothing else: libm, no
// quantisation, one stream and one step at a time.
class ReferenceLstm {
 public:
  // Recurrent state of all streams, and the symbols they saw last.
  struct State {
    std::vector<std::vector<double>> h, c;  // of layer * streams + stream
    std::vector<int32_t> last;              // of each stream
  };

  // `parameters` are in the order of `layout`, which must outlive this.
  ReferenceLstm(const ModelConfig& config, const ParameterLayout& layout,
                std::vector<double> parameters)
      : config_(config), layout_(layout), parameters_(std::move(parameters)) {}

  State Start(int64_t streams) const;

  // -ln of the probability of the segment's targets (step by step, all streams
  // of a step together; -1: none), with `elements` added to the logits. The
  // state goes on to the end of the segment.
  double Loss(std::span<const int32_t> targets,
              std::span<const SparseElement> elements, State& state) const;

  std::vector<double>& parameters() { return parameters_; }

 private:
  const double* Find(std::string_view name) const;
  // What the symbol adds to a layer's sums.
  std::vector<double> Embedded(int64_t layer, int32_t symbol,
                               size_t sums) const;
  void Cell(int64_t layer, int32_t symbol, const std::vector<double>* below,
            std::vector<double>& h, std::vector<double>& c) const;

  const ModelConfig config_;
  const ParameterLayout& layout_;
  std::vector<double> parameters_;
};

}  // namespace nncpp::testing
