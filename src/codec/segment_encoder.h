// src/codec/segment_encoder.h -- codes a segment, beside the net where it can.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/environment.h"
#include "src/base/helper_thread.h"
#include "src/coder/range_coder.h"
#include "src/model/config.h"
#include "src/model/model.h"

namespace nncpp {

// A net alone codes by itself. Where contexts are mixed above a net and a core
// is left (Backend::leaves_core), a segment is coded on a thread of its own
// while the net learns it and predicts the next one.
class SegmentEncoder {
 public:
  // `encoders`: one a stream.
  SegmentEncoder(Model& model, std::span<RangeEncoder> encoders);

  // Codes a segment that `model` has predicted: targets[t * streams + b] of
  // stream b at step t, -1 past the stream's end. REQUIRES: no segment is under
  // way.
  void Start(std::span<const int32_t> targets);

  // Returns when the segment is coded. Until then only the net's part of the
  // model may be used, and the encoders not at all.
  void Wait() { helper_.Wait(); }

  // Bytes that the segments under way take at most.
  static int64_t Bytes(const ModelConfig& config);

 private:
  void Code();

  Model& model_;
  std::span<RangeEncoder> encoders_;
  std::vector<int32_t> targets_;
  std::vector<uint64_t> frequencies_;  // of the segment, for the helper
  HelperThread helper_{RequireFloatEnvironment};
};

}  // namespace nncpp
