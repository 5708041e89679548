// kernels/cuda/attention.h -- attention on a device.
//
// Contracts: kernels/backend.h. All pointers are device memory.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/noise.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/quantize.h"

namespace nncpp::cuda {

// Keys, or values: position p of a task (stream times heads plus head) is row
// task * positions + p of `stride` halves, with a scale of its own, which is 0
// for a row of zeros.
struct HeadRows {
  HalfBits* q = nullptr;  // 16-byte aligned; padded with zeros
  float* scale = nullptr;
};

struct KeyValueRows {
  HeadRows key, value;
  int64_t heads = 0, head_size = 0, stride = 0, positions = 0, tasks = 0;
};

// Vectors of the places of a window, of all heads: row h P + w of `forward`;
// for the gradient, a batch of transposed heads and the largest sum of squares
// of each one's columns.
struct PositionRows {
  Operand forward;   // H P x D
  Operand backward;  // H times D x P, without scales
  unsigned long long* most_squares = nullptr;
  int64_t heads = 0, positions = 0;
};

void QuantizeKeyValues(ConstMatrix key, ConstMatrix value, int64_t streams,
                       int64_t first, const KeyValueRows& out,
                       cudaStream_t stream);
void MoveKeyValues(int64_t steps, const KeyValueRows& rows,
                   cudaStream_t stream);
// `vectors` in place of attention.vectors; none: a null pointer there.
void AttentionForward(const Attention& attention, const KeyValueRows& memory,
                      const HeadRows& vectors, cudaStream_t stream);

// Room for the gradients of keys and values: operands of a batch of all streams
// and heads, a row for each step or column of a head, steps deep.
struct ColumnRoom {
  Operand left, right;
};
// `noise` in place of gradient.noise.
void AttentionBackward(const AttentionGradient& gradient,
                       const DeviceNoise& noise, const KeyValueRows& memory,
                       const ColumnRoom& room, const Processor& processor,
                       cudaStream_t stream);

// The part of the gradient that goes by the vectors: adds to gradient.dquery,
// and gives gradient.dvectors. Room: `rows` of H times R x P; left of H times
// P x R, right of H times D x R.
struct VectorRoom {
  Operand rows, left, right;
};
void VectorsBackward(const AttentionGradient& gradient,
                     const DeviceNoise& noise, const PositionRows& vectors,
                     const VectorRoom& room, const Processor& processor,
                     cudaStream_t stream);

}  // namespace nncpp::cuda
