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
    // its gradients over the noise.
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
