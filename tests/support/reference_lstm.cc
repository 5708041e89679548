// tests/support/reference_lstm.cc -- contract: reference_lstm.h
#include "tests/support/reference_lstm.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "src/base/check.h"

namespace nncpp::testing {
namespace {

double Dot(const double* w, const std::vector<double>& x) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += w[i] * x[i];
  return sum;
}

}  // namespace

const double* ReferenceLstm::Find(std::string_view name) const {
  for (const ParameterView& view : layout_.views()) {
    if (view.name == name) return parameters_.data() + view.offset;
  }
  NNCPP_CHECK(!"a parameter of this name");
  return nullptr;
}

ReferenceLstm::State ReferenceLstm::Start(int64_t streams) const {
  const auto count = static_cast<size_t>(config_.layers * streams);
  const std::vector<double> zeros(static_cast<size_t>(config_.cells));
  State state;
  state.h.assign(count, zeros);
  state.c.assign(count, zeros);
  state.last.assign(static_cast<size_t>(streams), 0);
  return state;
}

void ReferenceLstm::Cell(int64_t layer, int32_t symbol,
                         const std::vector<double>* below,
                         std::vector<double>& h, std::vector<double>& c) const {
  const size_t n = h.size();
  const bool classic = config_.classic != 0;
  const size_t count = classic ? 4 : 3;
  const std::string name = " " + std::to_string(layer);
  const double* recurrent = Find("recurrent" + name);
  const double* gain = classic ? nullptr : Find("gain" + name);
  const double* bias = Find("bias" + name);
  const double* from_below = below == nullptr ? nullptr : Find("below" + name);
  const std::vector<double> embedded = Embedded(layer, symbol, count * n);
  std::vector<double> gates(count * n);
  for (size_t gate = 0; gate < count; ++gate) {
    std::vector<double> a(n);
    double squares = 0;
    for (size_t i = 0; i < n; ++i) {
      const size_t j = gate * n + i;
      a[i] = Dot(recurrent + j * n, h) + embedded[j];
      if (below != nullptr) a[i] += Dot(from_below + j * n, *below);
      squares += a[i] * a[i];
    }
    const double rms = std::sqrt(squares / static_cast<double>(n) +
                                 static_cast<double>(kNormEpsilon));
    for (size_t i = 0; i < n; ++i) {
      const size_t j = gate * n + i;
      const double x = (classic ? a[i] : gain[j] * (a[i] / rms)) + bias[j];
      gates[j] = gate == 1 ? std::tanh(x) : 1 / (1 + std::exp(-x));
    }
  }
  for (size_t i = 0; i < n; ++i) {
    const double in = classic ? gates[3 * n + i] : 1 - gates[i];
    c[i] = gates[i] * c[i] + in * gates[n + i];
    h[i] = gates[2 * n + i] * std::tanh(c[i]);
  }
}

std::vector<double> ReferenceLstm::Embedded(int64_t layer, int32_t symbol,
                                            size_t sums) const {
  const auto row = static_cast<size_t>(symbol);
  const std::string name = " " + std::to_string(layer);
  if (config_.embedding == 0) {
    const double* table = Find("table" + name) + row * sums;
    return {table, table + sums};
  }
  const auto e = static_cast<size_t>(config_.embedding);
  const double* table = Find("table") + row * e;
  const std::vector<double> x(table, table + e);
  std::vector<double> out(sums);
  for (size_t j = 0; j < sums; ++j)
    out[j] = Dot(Find("embedded" + name) + j * e, x);
  return out;
}

double ReferenceLstm::Loss(std::span<const int32_t> targets,
                           std::span<const SparseElement> elements,
                           State& state) const {
  const size_t streams = state.last.size();
  const auto layers = static_cast<size_t>(config_.layers);
  const auto alphabet = static_cast<size_t>(config_.alphabet);
  const double* output = Find("output");
  const double* output_bias = Find("output bias");
  double loss = 0;
  for (size_t row = 0; row < targets.size(); ++row) {
    const size_t b = row % streams;
    std::vector<double> hidden;
    for (size_t l = 0; l < layers; ++l) {
      const size_t at = l * streams + b;
      Cell(static_cast<int64_t>(l), state.last[b],
           l == 0 ? nullptr : &state.h[at - streams], state.h[at], state.c[at]);
      hidden.insert(hidden.end(), state.h[at].begin(), state.h[at].end());
    }
    std::vector<double> logits(alphabet);
    for (size_t v = 0; v < alphabet; ++v) {
      logits[v] = Dot(output + v * hidden.size(), hidden) + output_bias[v];
    }
    for (const SparseElement& e : elements) {
      if (static_cast<size_t>(e.row) != row) continue;
      logits[static_cast<size_t>(e.column)] += double{e.value};
    }
    const int32_t target = targets[row];
    state.last[b] = std::max(target, 0);
    if (target < 0) continue;
    const double most = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double x : logits) sum += std::exp(x - most);
    loss += std::log(sum) + most - logits[static_cast<size_t>(target)];
  }
  return loss;
}

}  // namespace nncpp::testing
