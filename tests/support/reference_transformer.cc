// tests/support/reference_transformer.cc -- contract: reference_transformer.h
#include "tests/support/reference_transformer.h"

#include <algorithm>
#include <cmath>

namespace nncpp::testing {
namespace {

using Vector = ReferenceTransformer::Vector;

void Add(const Vector& y, Vector& x) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

}  // namespace

const double* ReferenceTransformer::Find(const std::string& name) const {
  for (const ParameterView& view : layout_.views()) {
    if (view.name == name) return parameters_.data() + view.offset;
  }
  return nullptr;
}

ReferenceTransformer::State ReferenceTransformer::Start(int64_t streams) const {
  State state;
  const Vector zeros(static_cast<size_t>(config_.cells));
  const std::vector<Vector> memory(static_cast<size_t>(config_.positions - 1),
                                   zeros);
  state.keys.assign(static_cast<size_t>(config_.layers * streams), memory);
  state.values = state.keys;
  state.recent.assign(
      static_cast<size_t>(streams),
      std::vector<int32_t>(static_cast<size_t>(config_.recent)));
  return state;
}

void ReferenceTransformer::AddBias(const std::string& name, Vector& x) const {
  const double* bias = Find(name);
  for (size_t i = 0; bias != nullptr && i < x.size(); ++i) x[i] += bias[i];
}

Vector ReferenceTransformer::Times(const std::string& name, size_t rows,
                                   const Vector& x) const {
  const double* w = Find(name);
  Vector y(rows);
  for (size_t n = 0; n < rows; ++n) {
    for (size_t k = 0; k < x.size(); ++k) y[n] += w[n * x.size() + k] * x[k];
  }
  return y;
}

Vector ReferenceTransformer::Norm(const Vector& x, const std::string& name,
                                  const std::string& index) const {
  const double* gain = Find(name + " gain" + index);
  double squares = 0;
  for (const double v : x) squares += v * v;
  const double rms = std::sqrt(squares / static_cast<double>(x.size()) +
                               static_cast<double>(kNormEpsilon));
  Vector y(x.size());
  for (size_t i = 0; i < x.size(); ++i) y[i] = gain[i] * (x[i] / rms);
  AddBias(name + " bias" + index, y);
  return y;
}

// Each head's columns of queries, keys and values.
void ReferenceTransformer::NormHeads(const std::string& index,
                                     Vector& qkv) const {
  if (Find("head gain" + index) == nullptr) return;
  const auto size = config_.cells / config_.heads;
  for (auto head = qkv.begin(); head != qkv.end(); head += size) {
    const Vector y = Norm({head, head + size}, "head", index);
    std::copy(y.begin(), y.end(), head);
  }
}

// The last key and value are the row's own.
Vector ReferenceTransformer::Attend(const Vector& qkv, const std::string& index,
                                    const std::vector<Vector>& keys,
                                    const std::vector<Vector>& values) const {
  const auto heads = static_cast<size_t>(config_.heads);
  const auto window = static_cast<size_t>(config_.positions);
  const size_t size = static_cast<size_t>(config_.cells) / heads;
  const double* bias = Find("position bias" + index);
  const double* vectors = Find("position vectors" + index);
  const size_t first = keys.size() - window;
  Vector out(heads * size);
  for (size_t h = 0; h < heads; ++h) {
    Vector weight(window);
    double sum = 0;
    for (size_t w = 0; w < window; ++w) {
      double score = bias[h * window + w];
      for (size_t d = 0; d < size; ++d) {
        const double q = qkv[h * size + d];
        score += q * keys[first + w][h * size + d];
        if (vectors) score += q * vectors[(h * window + w) * size + d];
      }
      weight[w] = std::exp(score / std::sqrt(static_cast<double>(size)));
      sum += weight[w];
    }
    for (size_t w = 0; w < window; ++w) {
      for (size_t d = 0; d < size; ++d) {
        out[h * size + d] += weight[w] / sum * values[first + w][h * size + d];
      }
    }
  }
  return out;
}

void ReferenceTransformer::Layer(const std::string& index,
                                 std::vector<Vector>& keys,
                                 std::vector<Vector>& values, Vector& x) const {
  const size_t c = x.size();
  Vector qkv = Times("qkv" + index, 3 * c, Norm(x, "attention", index));
  NormHeads(index, qkv);
  const auto key = qkv.begin() + static_cast<int64_t>(c);
  const auto value = qkv.begin() + static_cast<int64_t>(2 * c);
  keys.emplace_back(key, value);
  values.emplace_back(value, qkv.end());
  Add(Times("projection" + index, c, Attend(qkv, index, keys, values)), x);
  const auto units = static_cast<size_t>(config_.inner);
  Vector up = Times("up" + index, 2 * units, Norm(x, "gate", index));
  AddBias("up bias" + index, up);
  Vector gated(units);
  for (size_t i = 0; i < units; ++i) {
    gated[i] = up[i] / (1 + std::exp(-up[i])) * up[units + i];
  }
  Vector down = Times("down" + index, c, gated);
  AddBias("down bias" + index, down);
  Add(down, x);
}

double ReferenceTransformer::Loss(std::span<const int32_t> targets,
                                  std::span<const SparseElement> elements,
                                  State& state) const {
  const size_t streams = state.recent.size();
  const auto c = static_cast<size_t>(config_.cells);
  const auto alphabet = static_cast<size_t>(config_.alphabet);
  double loss = 0;
  for (size_t row = 0; row < targets.size(); ++row) {
    const size_t b = row % streams;
    std::vector<int32_t>& recent = state.recent[b];
    Vector x(c);
    for (size_t k = 0; k < recent.size(); ++k) {
      const double* embedding = Find("table " + std::to_string(k)) +
                                static_cast<size_t>(recent[k]) * c;
      Add({embedding, embedding + c}, x);
    }
    for (size_t i = 0; i < static_cast<size_t>(config_.layers); ++i) {
      Layer(" " + std::to_string(i), state.keys[i * streams + b],
            state.values[i * streams + b], x);
    }
    Vector logits = Times("output", alphabet, Norm(x, "final", ""));
    AddBias("output bias", logits);
    for (const SparseElement& e : elements) {
      if (static_cast<size_t>(e.row) != row) continue;
      logits[static_cast<size_t>(e.column)] += double{e.value};
    }
    const int32_t target = targets[row];
    recent.pop_back();
    recent.insert(recent.begin(), std::max(target, 0));
    if (target < 0) continue;
    const double most = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double z : logits) sum += std::exp(z - most);
    loss += std::log(sum) + most - logits[static_cast<size_t>(target)];
  }
  return loss;
}

}  // namespace nncpp::testing
