// tests/support/float_backend.h -- the CPU backend with products in fp32.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/cpu/cpu_backend.h"

namespace nncpp::testing {

// What the exact products are measured against. All else is CpuBackend's.
class FloatBackend : public cpu::CpuBackend {
 public:
  enum class Products {
    // Nothing is quantised: a model trained in plain fp32.
    kFloat,
    // What rounds to nearest is quantised as CpuBackend does it (weights,
    // activations), what it rounds stochastically is not: the expectation of
    // its gradients over the noise. Attention is CpuBackend's, noise and all.
    kExpected,
  };

  FloatBackend(Products products, int threads);

  std::unique_ptr<Weights> NewWeights(int64_t n, int64_t k) override;
  void QuantizeWeights(ConstMatrix w, Weights& quantized) override;
  void ProductForward(ConstMatrix x, const Weights& w, Matrix y) override;
  void ProductBackward(ConstMatrix dy, const Weights& w, const NoiseKey& noise,
                       int64_t first_row, Matrix dx) override;
  void ProductGradient(ConstMatrix dy, ConstMatrix x, const NoiseKey& noise,
                       Matrix dw) override;

  std::unique_ptr<KeyValues> NewKeyValues(int64_t streams, int64_t heads,
                                          int64_t head_size,
                                          int64_t positions) override;
  void QuantizeKeyValues(ConstMatrix key, ConstMatrix value, int64_t streams,
                         int64_t first, KeyValues& quantized) override;
  void MoveKeyValues(int64_t steps, KeyValues& quantized) override;
  void AttentionForward(const Attention& attention,
                        const KeyValues& memory) override;
  void AttentionBackward(const AttentionGradient& gradient,
                         const KeyValues& memory) override;

  // Passes on to CpuBackend, and keeps the elements of the last call.
  void AddElements(std::span<const SparseElement> elements, Matrix x) override;
  const std::vector<SparseElement>& elements() const { return elements_; }

 private:
  const cpu::OpsTable* ops_;
  Products products_;
  ThreadPool pool_;
  std::vector<SparseElement> elements_;
};

}  // namespace nncpp::testing
