// kernels/cuda/cuda_backend.cu -- memory and products.
#include <algorithm>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/lstm_layer.h"
#include "kernels/cuda/ops.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/transformer.h"
#include "src/base/check.h"

namespace nncpp::cuda {
namespace {

constexpr int kOldestMajor = 8;  // mma.m16n8k16 and cp.async come with 8.0

// Both ways round: `forward` is N x K, `backward` K x N.
class CudaWeights : public Weights {
 public:
  CudaWeights(Arena& arena, int64_t n, int64_t k)
      : forward_(arena), backward_(arena), squares_(arena) {
    forward = forward_.Reserve(n, k);
    backward = backward_.Reserve(k, n);
    backward.scale = nullptr;
    most_squares = squares_.Reserve<unsigned long long>(1);
  }

  Operand forward, backward;
  unsigned long long* most_squares;  // of a column

 private:
  OperandBuffer forward_, backward_;
  Buffer squares_;
};

CudaWeights& Cast(Weights& w) { return static_cast<CudaWeights&>(w); }
const CudaWeights& Cast(const Weights& w) {
  return static_cast<const CudaWeights&>(w);
}

Results ResultsOf(const Linear& linear) {
  return {.first = linear.y, .bias = linear.bias.data, .add = linear.add};
}

cudaDeviceProp UseDevice(int device) {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
    cudaGetLastError();
    throw Error(ErrorKind::kNoDevice,
                "no GPU that CUDA can use here; use --device cpu");
  }
  if (device >= count) {
    throw Error(ErrorKind::kNoDevice,
                "there is no GPU number " + std::to_string(device) +
                    "; they go from 0 to " + std::to_string(count - 1));
  }
  cudaDeviceProp properties = {};
  NNCPP_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  if (properties.major < kOldestMajor) {
    throw Error(ErrorKind::kNoDevice,
                std::string(properties.name) + " has compute capability " +
                    std::to_string(properties.major) + "." +
                    std::to_string(properties.minor) +
                    ", and 8.0 is needed; use --device cpu");
  }
  // The first call that needs the device: it may be taken, or broken.
  const cudaError_t status = cudaSetDevice(device);
  if (status != cudaSuccess) {
    cudaGetLastError();
    throw Error(ErrorKind::kNoDevice,
                std::string(properties.name) + " does not start (" +
                    cudaGetErrorString(status) + "); use --device cpu");
  }
  return properties;
}

}  // namespace

void* Buffer::ReserveBytes(int64_t bytes) {
  if (bytes <= bytes_) return data_;
  if (data_ != nullptr) arena_.Free(data_);
  data_ = nullptr;
  bytes_ = 0;
  data_ = arena_.Allocate(bytes);
  bytes_ = bytes;
  return data_;
}

void* PinnedBuffer::ReserveBytes(int64_t bytes) {
  if (bytes <= bytes_) return data_;
  Free();
  NNCPP_CUDA_CHECK(cudaMallocHost(&data_, static_cast<size_t>(bytes)));
  bytes_ = bytes;
  return data_;
}

void PinnedBuffer::Free() {
  if (data_ != nullptr) cudaFreeHost(data_);
  data_ = nullptr;
  bytes_ = 0;
}

CudaBackend::CudaBackend(int device, int64_t reserve, int64_t chunk,
                         UseOfWgmma wgmma)
    : name_(UseDevice(device).name), arena_(reserve, chunk) {
  cudaDeviceProp properties = {};
  NNCPP_CUDA_CHECK(cudaGetDeviceProperties(&properties, device));
  processor_.multiprocessors = properties.multiProcessorCount;
  processor_.shared_bytes =
      static_cast<int64_t>(properties.sharedMemPerBlockOptin);
  // The instruction came with 9.0 and is in no other.
  if (wgmma == UseOfWgmma::kNever || properties.major != 9 ||
      properties.minor != 0) {
    return;
  }
  processor_.wgmma = wgmma;
  name_ += ", wgmma";
}

CudaBackend::~CudaBackend() { cudaStreamSynchronize(stream_); }

DeviceNoise CudaBackend::OnDevice(const NoiseKey& noise) {
  SetUpdate(noise.update);
  return {noise.key, noise_update_.Reserve<uint32_t>(1), noise.tensor};
}

void CudaBackend::SetUpdate(uint32_t update) {
  if (update_ == update) return;
  staging_.Put(std::span<const uint32_t>(&update, 1),
               noise_update_.Reserve<uint32_t>(1));
  update_ = update;
}

std::unique_ptr<Routine> CudaBackend::NewRoutine() {
  return std::make_unique<CudaRoutine>();
}

void CudaBackend::Run(Routine& routine, uint32_t update,
                      const std::function<void()>& work) {
  NNCPP_CHECK(running_ == nullptr);  // routines do not run others
  SetUpdate(update);
  struct Running {
    CudaRoutine*& at;
    ~Running() { at = nullptr; }
  } const running{running_ = static_cast<CudaRoutine*>(&routine)};
  running_->Run(arena_, stream_, work);
}

void CudaBackend::Clear(void* p, int64_t bytes) {
  NNCPP_CUDA_CHECK(cudaMemsetAsync(p, 0, static_cast<size_t>(bytes), stream_));
}

void CudaBackend::CopyIn(const void* host, void* to, int64_t bytes) {
  if (bytes == 0) return;
  NNCPP_CUDA_CHECK(cudaMemcpyAsync(to, host, static_cast<size_t>(bytes),
                                   cudaMemcpyHostToDevice, stream_));
}

void CudaBackend::CopyOut(const void* from, void* host, int64_t bytes) {
  if (bytes == 0) return;
  NNCPP_CUDA_CHECK(cudaMemcpyAsync(host, from, static_cast<size_t>(bytes),
                                   cudaMemcpyDeviceToHost, stream_));
  NNCPP_CUDA_CHECK(cudaStreamSynchronize(stream_));
}

std::shared_ptr<float[]> CudaBackend::NewArray(int64_t count) {
  const int64_t bytes = count * int64_t{sizeof(float)};
  auto* p = static_cast<float*>(arena_.Allocate(bytes));
  std::shared_ptr<float[]> array(p, [this](float* q) { arena_.Free(q); });
  Clear(p, bytes);
  return array;
}

void CudaBackend::Upload(std::span<const float> host, float* array) {
  CopyIn(host.data(), array, static_cast<int64_t>(host.size_bytes()));
  NNCPP_CUDA_CHECK(cudaStreamSynchronize(stream_));
}

void CudaBackend::Download(const float* array, std::span<float> host) {
  CopyOut(array, host.data(), static_cast<int64_t>(host.size_bytes()));
}

std::unique_ptr<Weights> CudaBackend::NewWeights(int64_t n, int64_t k) {
  auto weights = std::make_unique<CudaWeights>(arena_, n, k);
  for (const Operand& x : {weights->forward, weights->backward}) {
    Clear(x.q, x.rows * x.stride * int64_t{sizeof(HalfBits)});
  }
  Clear(weights->forward.scale, n * int64_t{sizeof(float)});
  Clear(weights->most_squares, sizeof(*weights->most_squares));
  return weights;
}

void CudaBackend::QuantizeWeights(ConstMatrix w, Weights& quantized) {
  CudaWeights& out = Cast(quantized);
  QuantizeRows(w, out.forward, stream_);
  Transpose(out.forward, out.backward, 1, out.most_squares, stream_);
}

void CudaBackend::AdamQuantize(const AdamStep& step, ConstMatrix gradient,
                               Matrix weight, Matrix second,
                               Weights& quantized) {
  CudaWeights& out = Cast(quantized);
  AdamQuantizeRows(step, gradient, weight, second, out.forward, stream_);
  Transpose(out.forward, out.backward, 1, out.most_squares, stream_);
}

void CudaBackend::Multiply(const Operand& a, const Operand& weights,
                           const Results& y) {
  if (a.rows <= kMostSkinnyRows) {
    MultiplySkinny(a, weights, y, stream_);
  } else {
    MultiplyTiles(a, weights, y, processor_, stream_);
  }
}

void CudaBackend::ProductForward(ConstMatrix x, const Weights& w, Matrix y) {
  LinearForward(x, {.weights = w, .bias = {}, .y = y});
}

void CudaBackend::LinearForward(ConstMatrix x, const Linear& linear) {
  if (x.rows == 0) return;
  const Operand q = left_.Reserve(x.rows, x.cols);
  QuantizeRows(x, q, stream_);
  Multiply(q, Cast(linear.weights).forward, ResultsOf(linear));
}

void CudaBackend::NormLinearForward(const RmsNorm& norm, const Linear& linear) {
  if (norm.x.rows == 0) return;
  const Operand q = left_.Reserve(norm.y.rows, norm.y.cols);
  cuda::RmsNormForward(norm, &q, stream_);
  Multiply(q, Cast(linear.weights).forward, ResultsOf(linear));
}

void CudaBackend::GateLinearForward(const GatedUnit& unit,
                                    const Linear& linear) {
  if (unit.y.rows == 0) return;
  const Operand q = left_.Reserve(unit.y.rows, unit.y.cols);
  GateForward(unit, q, stream_);
  Multiply(q, Cast(linear.weights).forward, ResultsOf(linear));
}

void CudaBackend::ProductBackward(ConstMatrix dy, const Weights& w,
                                  const NoiseKey& noise, int64_t first_row,
                                  Matrix dx) {
  if (dy.rows == 0) return;
  const CudaWeights& weights = Cast(w);
  const Operand q = left_.Reserve(dy.rows, dy.cols);
  QuantizeGradientRows(dy, 1,
                       {.out = q,
                        .fold = weights.forward.scale,
                        .most_squares = weights.most_squares,
                        .noise = OnDevice(noise),
                        .first_row = first_row},
                       stream_);
  Multiply(q, weights.backward, {dx});
}

void CudaBackend::ProductGradient(ConstMatrix dy, ConstMatrix x,
                                  const NoiseKey& noise, Matrix dw) {
  if (dy.rows == 0) return;
  const Operand left = left_.Reserve(dy.cols, dy.rows);
  const Operand right = right_.Reserve(x.cols, x.rows);
  const DeviceNoise on_device = OnDevice(noise);
  QuantizeColumns({dy}, &on_device, left, processor_.multiprocessors, stream_);
  QuantizeColumns({x}, nullptr, right, processor_.multiprocessors, stream_);
  MultiplyTiles(left, right, {dw}, processor_, stream_);
}

void CudaBackend::LstmLayerForward(const LstmLayer& layer,
                                   ConstSymbols symbols) {
  if (layer.cell.h.rows == 0) return;
  const Operand& weights = Cast(layer.weights).forward;
  if (cuda::LstmLayerForward(layer, weights, symbols.data, processor_,
                             stream_)) {
    return;
  }
  const int64_t b = layer.streams, steps = layer.cell.h.rows / b;
  const Operand q = left_.Reserve(b, layer.cell.h.cols);
  QuantizeRows(layer.h_before.Rows(0, b), q, stream_);
  for (int64_t t = 0; t < steps; ++t) {
    Multiply(q, weights, {layer.products});
    LstmCell cell = layer.cell.Rows(t * b, b);
    cell.recurrent = layer.products;
    cuda::LstmCellForward(cell, symbols.data + t * b,
                          t + 1 < steps ? &q : nullptr, stream_);
  }
}

void CudaBackend::LstmLayerBackward(const LstmLayerGradient& gradient) {
  if (gradient.cell.dsum.rows == 0) return;
  const CudaWeights& weights = Cast(gradient.weights);
  GradientOperand q = {.fold = weights.forward.scale,
                       .most_squares = weights.most_squares,
                       .noise = OnDevice(gradient.noise)};
  if (cuda::LstmLayerBackward(gradient, weights.backward, q, processor_,
                              stream_)) {
    return;
  }
  const int64_t b = gradient.streams, steps = gradient.cell.dsum.rows / b;
  q.out = left_.Reserve(b, gradient.cell.dsum.cols);
  for (int64_t t = steps - 1; t >= 0; --t) {
    LstmCellGradient step = gradient.cell.Rows(t * b, b);
    if (t < steps - 1) step.dh_recurrent = gradient.dh;
    q.first_row = t * b;
    cuda::LstmCellBackward(step, t > 0 ? &q : nullptr, stream_);
    if (t > 0) Multiply(q.out, weights.backward, {gradient.dh});
  }
}

}  // namespace nncpp::cuda
