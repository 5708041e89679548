// bench/gpu/cudnn_lstm.cu -- contract: bench/gpu/cudnn_lstm.h
#include <cuda_runtime.h>
#include <dlfcn.h>

#include <vector>

#include "bench/gpu/cudnn_lstm.h"
#include "bench/gpu/measure.h"
#include "kernels/cuda/check.h"
#include "src/base/error.h"

#if __has_include(<cudnn.h>)
#include <cudnn.h>

namespace nncpp {
namespace {

void* Library() {
  static void* const library = [] {
    for (const char* name : {"libcudnn.so.9", "libcudnn.so",
                             "/usr/local/cuda/lib64/libcudnn.so.9"}) {
      if (void* opened = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return opened;
    }
    throw Error(ErrorKind::kDevice, "there is no libcudnn.so.9");
  }();
  return library;
}

template <typename Function>
Function* Find(const char* name) {
  void* const symbol = ::dlsym(Library(), name);
  if (symbol == nullptr) {
    throw Error(ErrorKind::kDevice, std::string("libcudnn has no ") + name);
  }
  return reinterpret_cast<Function*>(symbol);
}
#define NNCPP_CUDNN_FUNCTION(name) Find<decltype(::name)>(#name)

void CheckCudnn(cudnnStatus_t status, const char* name) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw Error(ErrorKind::kDevice,
              std::string(name) + ": " +
                  NNCPP_CUDNN_FUNCTION(cudnnGetErrorString)(status));
}
#define NNCPP_CUDNN(name, ...) \
  CheckCudnn(NNCPP_CUDNN_FUNCTION(name)(__VA_ARGS__), #name)

constexpr cudnnDataType_t kHalf = CUDNN_DATA_HALF;

}  // namespace

// Descriptors are not given back: the process ends soon.
struct CudnnLstm::State {
  State(const LstmShape& shape, Algorithm algorithm);
  void Forward();
  void Record();

  cudaStream_t stream = nullptr;
  cudaGraphExec_t graph = nullptr;
  cudnnHandle_t handle = nullptr;
  cudnnRNNDescriptor_t rnn = nullptr;
  cudnnRNNDataDescriptor_t sequence = nullptr;  // of input and output
  cudnnTensorDescriptor_t carried = nullptr;    // of h and c
  DeviceMemory lengths, x, y, h, c, h_after, c_after, weights, work;
  size_t weight_bytes = 0, work_bytes = 0;

 private:
  void Describe(const LstmShape& shape, Algorithm algorithm);
};

void CudnnLstm::State::Describe(const LstmShape& shape, Algorithm algorithm) {
  const auto cells = static_cast<int32_t>(shape.cells);
  const auto layers = static_cast<int32_t>(shape.layers);
  const auto streams = static_cast<int32_t>(shape.streams);
  const auto steps = static_cast<int32_t>(shape.steps);
  cudnnDropoutDescriptor_t none = nullptr;
  NNCPP_CUDNN(cudnnCreateDropoutDescriptor, &none);
  NNCPP_CUDNN(cudnnSetDropoutDescriptor, none, handle, 0.0f, nullptr, 0, 0);
  NNCPP_CUDNN(cudnnCreateRNNDescriptor, &rnn);
  NNCPP_CUDNN(cudnnSetRNNDescriptor_v8, rnn,
              algorithm == Algorithm::kStandard ? CUDNN_RNN_ALGO_STANDARD
                                                : CUDNN_RNN_ALGO_PERSIST_STATIC,
              CUDNN_LSTM, CUDNN_RNN_DOUBLE_BIAS, CUDNN_UNIDIRECTIONAL,
              CUDNN_LINEAR_INPUT, kHalf, CUDNN_DATA_FLOAT, CUDNN_TENSOR_OP_MATH,
              cells, cells, cells, layers, none, CUDNN_RNN_PADDED_IO_DISABLED);
  const std::vector<int> all(static_cast<size_t>(streams), steps);
  NNCPP_CUDNN(cudnnCreateRNNDataDescriptor, &sequence);
  NNCPP_CUDNN(cudnnSetRNNDataDescriptor, sequence, kHalf,
              CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED, steps, streams, cells,
              all.data(), nullptr);
  lengths = NewDeviceMemory(all.size() * sizeof(int));
  NNCPP_CUDA_CHECK(cudaMemcpy(lengths.get(), all.data(),
                              all.size() * sizeof(int),
                              cudaMemcpyHostToDevice));
  const int sizes[] = {layers, streams, cells};
  const int strides[] = {streams * cells, cells, 1};
  NNCPP_CUDNN(cudnnCreateTensorDescriptor, &carried);
  NNCPP_CUDNN(cudnnSetTensorNdDescriptor, carried, kHalf, 3, sizes, strides);
}

CudnnLstm::State::State(const LstmShape& shape, Algorithm algorithm) {
  NNCPP_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  NNCPP_CUDNN(cudnnCreate, &handle);
  NNCPP_CUDNN(cudnnSetStream, handle, stream);
  Describe(shape, algorithm);

  size_t reserve_bytes = 0;  // of training alone
  NNCPP_CUDNN(cudnnGetRNNWeightSpaceSize, handle, rnn, &weight_bytes);
  NNCPP_CUDNN(cudnnGetRNNTempSpaceSizes, handle, rnn, CUDNN_FWD_MODE_INFERENCE,
              sequence, &work_bytes, &reserve_bytes);
  const int64_t of_layers = shape.layers * shape.streams * shape.cells;
  const int64_t of_steps = shape.steps * shape.streams * shape.cells;
  weights = RandomHalves(static_cast<int64_t>(weight_bytes / 2), 1, 0.05f);
  work = NewDeviceMemory(work_bytes + 1);
  x = RandomHalves(of_steps, 2);
  y = RandomHalves(of_steps, 3);
  h = RandomHalves(of_layers, 4);
  c = RandomHalves(of_layers, 5);
  h_after = RandomHalves(of_layers, 6);
  c_after = RandomHalves(of_layers, 7);
}

void CudnnLstm::State::Forward() {
  NNCPP_CUDNN(cudnnRNNForward, handle, rnn, CUDNN_FWD_MODE_INFERENCE,
              static_cast<const int32_t*>(lengths.get()), sequence, x.get(),
              sequence, y.get(), carried, h.get(), h_after.get(), carried,
              c.get(), c_after.get(), weight_bytes, weights.get(), work_bytes,
              work.get(), 0, nullptr);
}

void CudnnLstm::State::Record() {
  // The library may take memory meanwhile.
  NNCPP_CUDA_CHECK(
      cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  cudaGraph_t recorded = nullptr;
  try {
    Forward();
  } catch (...) {
    cudaStreamEndCapture(stream, &recorded);
    cudaGetLastError();  // forgets it
    throw;
  }
  NNCPP_CUDA_CHECK(cudaStreamEndCapture(stream, &recorded));
  NNCPP_CUDA_CHECK(cudaGraphInstantiate(&graph, recorded, 0));
}

CudnnLstm::CudnnLstm(const LstmShape& shape, Algorithm algorithm)
    : state_(std::make_unique<State>(shape, algorithm)) {}

CudnnLstm::~CudnnLstm() { cudaStreamSynchronize(state_->stream); }

void CudnnLstm::Run() { state_->Forward(); }

void CudnnLstm::RunGraph() {
  if (state_->graph == nullptr) state_->Record();
  NNCPP_CUDA_CHECK(cudaGraphLaunch(state_->graph, state_->stream));
}

void CudnnLstm::Wait() {
  NNCPP_CUDA_CHECK(cudaStreamSynchronize(state_->stream));
}

std::string CudnnLstm::Version() {
  return std::to_string(NNCPP_CUDNN_FUNCTION(cudnnGetVersion)());
}

}  // namespace nncpp

#else  // no cudnn.h

namespace nncpp {

struct CudnnLstm::State {};

CudnnLstm::CudnnLstm(const LstmShape&, Algorithm) { Version(); }
CudnnLstm::~CudnnLstm() = default;
void CudnnLstm::Run() {}
void CudnnLstm::RunGraph() {}
void CudnnLstm::Wait() {}

std::string CudnnLstm::Version() {
  throw Error(ErrorKind::kDevice, "there was no cudnn.h when this was built");
}

}  // namespace nncpp

#endif
