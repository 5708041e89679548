// bench/gpu/cudnn_lstm.h -- cuDNN's LSTM, where there is one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace nncpp {

struct LstmShape {
  int64_t layers, cells, streams, steps;
};

// Forwards, in inference: halves, with float sums, on tensor cores. It is
// opened when it is wanted, so that nothing else needs it.
class CudnnLstm {
 public:
  enum class Algorithm { kStandard, kPersistStatic };

  // Throws Error(kDevice) where the library is missing, or does not do this.
  CudnnLstm(const LstmShape& shape, Algorithm algorithm);
  ~CudnnLstm();

  // All steps of all layers: issued to the device; as a graph, which is
  // recorded the first time.
  void Run();
  void RunGraph();
  void Wait();

  static std::string Version();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nncpp
