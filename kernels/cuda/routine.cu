// kernels/cuda/routine.cu -- contract: kernels/cuda/routine.h
#include "kernels/cuda/routine.h"
#include "kernels/cuda/times.h"
#include "src/base/check.h"

namespace nncpp::cuda {

void CudaRoutine::Forget() {
  if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
  graph_ = nullptr;
  notes_.clear();
}

void CudaRoutine::Run(const Arena& arena, cudaStream_t stream,
                      const std::function<void()>& work) {
  // Kernels are timed one by one.
  if (frees_ != arena.frees() || KernelTimes::Of(stream) != nullptr) {
    Forget();
    work();
    frees_ = arena.frees();
    return;
  }
  if (graph_ == nullptr) {
    Record(stream, work);
    NNCPP_CHECK(frees_ == arena.frees());  // it took no other memory this time
  }
  NNCPP_CUDA_CHECK(cudaGraphLaunch(graph_, stream));
  for (const auto& note : notes_) note();
}

void CudaRoutine::Record(cudaStream_t stream,
                         const std::function<void()>& work) {
  cudaGraph_t recorded = nullptr;
  notes_.clear();
  NNCPP_CUDA_CHECK(
      cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream, &recorded);
    if (recorded != nullptr) cudaGraphDestroy(recorded);
    throw;
  }
  NNCPP_CUDA_CHECK(cudaStreamEndCapture(stream, &recorded));
  const cudaError_t status = cudaGraphInstantiate(&graph_, recorded, 0);
  cudaGraphDestroy(recorded);
  NNCPP_CUDA_CHECK(status);
}

}  // namespace nncpp::cuda
