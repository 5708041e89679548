// kernels/cuda/routine.h -- recorded work: Routine of kernels/backend.h.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cuda/arena.h"
#include "kernels/cuda/check.h"

namespace nncpp::cuda {

// Work is done plainly the first time, when memory is taken and kernels are
// loaded; the second time it is recorded as a graph, which is launched from
// then on. Its addresses stay good as long as nothing was freed in the arena:
// when something was, all begins anew.
class CudaRoutine : public Routine {
 public:
  CudaRoutine() = default;
  ~CudaRoutine() override { Forget(); }
  CudaRoutine(const CudaRoutine&) = delete;
  CudaRoutine& operator=(const CudaRoutine&) = delete;

  void Run(const Arena& arena, cudaStream_t stream,
           const std::function<void()>& work);

  // Called within `work`: what the host must note down each time.
  void Note(std::function<void()> note) { notes_.push_back(std::move(note)); }

 private:
  void Record(cudaStream_t stream, const std::function<void()>& work);
  void Forget();

  int64_t frees_ = -1;  // of the arena, after the work was last done
  cudaGraphExec_t graph_ = nullptr;
  std::vector<std::function<void()>> notes_;
};

}  // namespace nncpp::cuda
