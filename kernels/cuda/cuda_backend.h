// kernels/cuda/cuda_backend.h -- the Backend of one GPU.
#pragma once

#include <memory>
#include <string>

#include "kernels/backend.h"
#include "kernels/cuda/arena.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/quantize.h"
#include "kernels/cuda/routine.h"
#include "kernels/cuda/staging.h"
#include "kernels/cuda/times.h"

namespace nncpp::cuda {

// Device memory that grows; what was there is lost when it does.
class Buffer {
 public:
  explicit Buffer(Arena& arena) : arena_(arena) {}
  ~Buffer() {
    if (data_ != nullptr) arena_.Free(data_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  template <typename T>
  T* Reserve(int64_t count) {
    return static_cast<T*>(ReserveBytes(count * int64_t{sizeof(T)}));
  }

 private:
  void* ReserveBytes(int64_t bytes);

  Arena& arena_;
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// A quantised operand that a product makes for itself.
class OperandBuffer {
 public:
  explicit OperandBuffer(Arena& arena) : q_(arena), scale_(arena) {}

  Operand Reserve(int64_t rows, int64_t depth) {
    const int64_t stride = PaddedDepth(depth);
    return {q_.Reserve<HalfBits>(rows * stride), scale_.Reserve<float>(rows),
            rows, stride};
  }

 private:
  Buffer q_, scale_;
};

// Pinned memory of the host, to which the device copies directly. What was
// there is lost when it grows.
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  ~PinnedBuffer() { Free(); }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;

  template <typename T>
  T* Reserve(int64_t count) {
    return static_cast<T*>(ReserveBytes(count * int64_t{sizeof(T)}));
  }

 private:
  void* ReserveBytes(int64_t bytes);
  void Free();

  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// A stream of the device that is current when it is made.
class Stream {
 public:
  // Nobody waits for it who does not say so.
  Stream() {
    NNCPP_CUDA_CHECK(
        cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

// Contracts: kernels/backend.h. All work is issued to one stream, in call
// order. Calls that return something to host memory wait for the device;
// no other does.
class CudaBackend : public Backend {
 public:
  // On device number `device`. `reserve` and `chunk`: kernels/cuda/arena.h.
  // `wgmma` is kNever on a device without it; where it is not, the name says
  // so. Throws Error(kNoDevice) when there is no such device, or when it is too
  // old, Error(kMemory) when it is too small.
  CudaBackend(int device, int64_t reserve, int64_t chunk, UseOfWgmma wgmma);
  ~CudaBackend() override;

  std::string_view Name() const override { return name_; }
  std::shared_ptr<float[]> NewArray(int64_t count) override;
  void Upload(std::span<const float> host, float* array) override;
  void Download(const float* array, std::span<float> host) override;
  std::shared_ptr<int32_t[]> NewSymbols(int64_t count) override;
  void UploadSymbols(std::span<const int32_t> host, int32_t* symbols) override;
  void DownloadSymbols(const int32_t* symbols,
                       std::span<int32_t> host) override;
  std::unique_ptr<Routine> NewRoutine() override;
  void Run(Routine& routine, uint32_t update,
           const std::function<void()>& work) override;
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
  void LstmLayerForward(const LstmLayer& layer, ConstSymbols symbols) override;
  void LstmLayerBackward(const LstmLayerGradient& gradient) override;
  void SumRows(ConstMatrix x, Matrix out) override;
  void SumRowProducts(ConstMatrix x, ConstMatrix y, Matrix out) override;
  void EmbeddingGradient(ConstMatrix dx, ConstSymbols symbols,
                         Matrix table) override;
  void EmbeddingForward(ConstMatrix table, ConstSymbols symbols,
                        Matrix y) override;
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
  void Copy(ConstMatrix x, Matrix y) override;
  void Clear(Matrix x) override;
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
  void Adam(const AdamStep& step, ConstMatrix gradient, Matrix weight,
            Matrix second) override;
  void AdamQuantize(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                    Matrix second, Weights& quantized) override;
  void AdamRows(const AdamStep& step, std::span<const int32_t> rows,
                std::span<const float> corrections, ConstMatrix gradient,
                Matrix weight, Matrix second) override;

 private:
  // The product of activations or gradients with weights.
  void Multiply(const Operand& a, const Operand& weights, const Results& y);

  void Clear(void* p, int64_t bytes);

  // The noise, with its update where recorded work finds it.
  DeviceNoise OnDevice(const NoiseKey& noise);
  void SetUpdate(uint32_t update);

  // Copies of device and host memory; CopyOut waits for all work before.
  void CopyIn(const void* host, void* to, int64_t bytes);
  void CopyOut(const void* from, void* host, int64_t bytes);
  friend class CudaFrequencies;

  std::string name_;
  Processor processor_;
  Arena arena_;
  Stream stream_;
  const std::unique_ptr<KernelTimes> times_ = KernelTimes::IfAsked(stream_);
  Staging staging_{arena_, stream_};
  Buffer noise_update_{arena_};     // NoiseKey::update, on the device
  int64_t update_ = -1;             // what it holds; -1: nothing yet
  CudaRoutine* running_ = nullptr;  // null: none
  PinnedBuffer results_;            // on their way to what asked for them
  OperandBuffer left_{arena_}, right_{arena_}, rows_{arena_};
  Buffer gathered_{arena_}, order_{arena_};
  // Of EncodeSymbols and DecodeSymbols.
  Buffer below_{arena_}, coded_{arena_}, decoders_{arena_}, ahead_{arena_};
};

}  // namespace nncpp::cuda
