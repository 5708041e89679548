// kernels/cpu/cpu_backend.h -- the Backend of the processor's own cores.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cpu/mixing.h"
#include "kernels/cpu/ops.h"
#include "kernels/cpu/product.h"
#include "kernels/cpu/transformer_ops.h"
#include "src/base/thread_pool.h"

namespace nncpp::cpu {

// The tables of one instruction set.
struct Form {
  std::string_view name;
  const OpsTable* ops;
  const ProductTable* product;
  const TransformerTable* transformer;
  const MixingTable* mixing;
};

// The forms this processor runs, the plainest first.
std::vector<Form> AvailableForms();

// Memory aligned to a cache line, zero at first.
template <typename T>
class Buffer {
 public:
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  int64_t size() const { return size_; }

  // Makes room for `count` elements; what was there is lost when it grows.
  void Reserve(int64_t count);

 private:
  struct Free {
    void operator()(T* p) const;
  };
  std::unique_ptr<T[], Free> data_;
  int64_t size_ = 0;
};

// What one thread needs for one stream and head of an attention.
struct AttentionRoom {
  Buffer<float> scores, noise, folded, columns;
  Buffer<int16_t> rows_q, weights_q, left_q, right_q;
  Buffer<float> rows_scale, weights_scale, left_scale, right_scale;
};

// Contracts: kernels/backend.h. Rows, or columns where rows are few, are
// shared out among the threads; no result depends on how.
class CpuBackend : public Backend {
 public:
  CpuBackend(const Form& form, int threads);

  std::string_view Name() const override { return form_.name; }
  std::shared_ptr<float[]> NewArray(int64_t count) override;
  void Upload(std::span<const float> host, float* array) override;
  void Download(const float* array, std::span<float> host) override;
  std::shared_ptr<int32_t[]> NewSymbols(int64_t count) override;
  void UploadSymbols(std::span<const int32_t> host, int32_t* symbols) override;
  void DownloadSymbols(const int32_t* symbols,
                       std::span<int32_t> host) override;
  std::unique_ptr<Routine> NewRoutine() override {
    return std::make_unique<Routine>();
  }
  void Run(Routine&, uint32_t, const std::function<void()>& work) override {
    work();
  }
  std::unique_ptr<Weights> NewWeights(int64_t n, int64_t k) override;
  void QuantizeWeights(ConstMatrix w, Weights& quantized) override;
  void ProductForward(ConstMatrix x, const Weights& w, Matrix y) override;
  void LinearForward(ConstMatrix x, const Linear& linear) override;
  void NormLinearForward(const RmsNorm& norm, const Linear& linear) override;
  void GateLinearForward(const GatedUnit& unit, const Linear& linear) override;
  void ProductBackward(ConstMatrix dy, const Weights& w, const NoiseKey& noise,
                       int64_t first_row, Matrix dx) override;
  void ProductGradient(ConstMatrix dy, ConstMatrix x, const NoiseKey& noise,
                       Matrix dw) override;
  void LstmCellForward(const LstmCell& cell, ConstSymbols symbols) override;
  void LstmCellBackward(const LstmCellGradient& gradient) override;
  void SumRows(ConstMatrix x, Matrix out) override;
  void SumRowProducts(ConstMatrix x, ConstMatrix y, Matrix out) override;
  void EmbeddingGradient(ConstMatrix dx, ConstSymbols symbols,
                         Matrix table) override;
  void AddElements(std::span<const SparseElement> elements, Matrix x) override;
  void Gather(ConstMatrix x, std::span<const SparseElement> elements,
              std::span<float> out) override;
  std::unique_ptr<Frequencies> NewFrequencies(int64_t rows,
                                              int64_t symbols) override;
  void SoftmaxFrequencies(ConstMatrix logits, int64_t first_row,
                          Frequencies& out) override;
  void SoftmaxBackward(Frequencies& frequencies, ConstSymbols targets,
                       Matrix dlogits) override;
  void EncodeSymbols(Frequencies& frequencies, ConstSymbols symbols,
                     std::span<RangeEncoder> encoders) override;
  void StartDecoding(std::span<RangeDecoder> decoders,
                     std::span<const int64_t> counts) override;
  void DecodeSymbols(Frequencies& frequencies, int64_t first_row,
                     Symbols symbols) override;
  void EndDecoding(std::span<RangeDecoder> decoders) override;
  void Dropout(ConstMatrix x, const NoiseKey& noise, int64_t first_row,
               float rate, Matrix y) override;
  void Add(ConstMatrix y, Matrix x) override;
  void Adam(const AdamStep& step, ConstMatrix gradient, Matrix weight,
            Matrix second) override;
  void AdamQuantize(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                    Matrix second, Weights& quantized) override;
  void AdamRows(const AdamStep& step, std::span<const int32_t> rows,
                std::span<const float> corrections, ConstMatrix gradient,
                Matrix weight, Matrix second) override;
  void Copy(ConstMatrix x, Matrix y) override;
  void Clear(Matrix x) override;
  void EmbeddingForward(ConstMatrix table, ConstSymbols symbols,
                        Matrix y) override;
  void RmsNormForward(const RmsNorm& norm) override;
  void RmsNormBackward(ConstMatrix dy, ConstMatrix gain, ConstMatrix normed,
                       ConstMatrix inverse_rms, Matrix dx) override;
  void GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du) override;
  std::unique_ptr<KeyValues> NewKeyValues(int64_t streams, int64_t heads,
                                          int64_t head_size,
                                          int64_t positions) override;
  void QuantizeKeyValues(ConstMatrix key, ConstMatrix value, int64_t streams,
                         int64_t first, KeyValues& quantized) override;
  void MoveKeyValues(int64_t steps, KeyValues& quantized) override;
  std::unique_ptr<PositionVectors> NewPositionVectors(
      int64_t heads, int64_t head_size, int64_t positions) override;
  void QuantizePositionVectors(ConstMatrix vectors,
                               PositionVectors& quantized) override;
  void AttentionForward(const Attention& attention,
                        const KeyValues& memory) override;
  void AttentionBackward(const AttentionGradient& gradient,
                         const KeyValues& memory) override;

 protected:
  // The same attention, whose vectors have become part of `relative`, and their
  // part of its gradient. Both go by products.
  Attention Placed(const Attention& attention);
  void VectorsBackward(const AttentionGradient& gradient);

 private:
  // Calls run(i, n) for i in [0, n) on n threads: all of them, or the caller
  // alone where `work` (about as many multiply-adds) is less than it costs to
  // wait for one another.
  template <typename Work>
  void Share(int64_t work, const Work& run) {
    constexpr int64_t kWorthSharing = 1 << 16;  // a few microseconds
    const int n = work < kWorthSharing ? 1 : pool_.threads();
    if (n == 1) {
      run(0, 1);
    } else {
      pool_.Run([&](int i) { run(i, n); });
    }
  }

  // x[r] += bias
  void AddBias(ConstMatrix bias, Matrix x);

  // Sums of rows chosen by `rows`, columns shared out among the threads.
  void SumChosenRows(const std::vector<const float*>& rows,
                     const std::vector<const float*>& factors, int64_t cols,
                     float* out);

  Form form_;
  ThreadPool pool_;
  Buffer<int16_t> row_q_, left_q_, right_q_;  // quantised operands
  Buffer<float> row_scale_, left_scale_, right_scale_;
  Buffer<float> relative_, dquery_;            // of attention with vectors
  Buffer<float> product_;                      // that is added to something
  std::vector<Buffer<float>> scratch_;         // one a thread
  std::vector<Buffer<int16_t>> thread_q_;      // one a thread
  std::vector<AttentionRoom> attention_room_;  // one a thread
  std::span<RangeDecoder> decoders_;           // of the segment that is decoded
  std::vector<int64_t> left_;                  // symbols that each has to give
};

}  // namespace nncpp::cpu
