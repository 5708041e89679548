// kernels/cuda/ops.h -- all operations beside products, as launches.
//
// Contracts: kernels/backend.h. All pointers are device memory, and the spans
// and lists of that interface come as pointers into it.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/device.h"

namespace nncpp::cuda {

void LstmCellForward(const LstmCell& cell, const int32_t* symbols,
                     cudaStream_t stream);
void LstmCellBackward(const LstmCellGradient& gradient, cudaStream_t stream);

// Law 2 over groups of rows: out row outs[g] = the sum of rows order[i] of x,
// or of x times y, for i in [begins[g], begins[g + 1]).
struct RowGroups {
  const int32_t* order;
  const int32_t* begins;  // groups + 1
  const int32_t* outs;
  int64_t groups;
};
void SumRowGroups(ConstMatrix x, const RowGroups& groups, Matrix out,
                  cudaStream_t stream);

// The same over all rows, into the one row of out. y may have no data: 1.
void SumAllRows(ConstMatrix x, ConstMatrix y, Matrix out, cudaStream_t stream);

// y[r] = table[symbols[r]]
void EmbeddingForward(ConstMatrix table, const int32_t* symbols, Matrix y,
                      cudaStream_t stream);

void Dropout(ConstMatrix x, const NoiseKey& noise, int64_t first_row,
             float rate, Matrix y, cudaStream_t stream);

// `order` lists the elements by place, those of one place in order.
void AddElements(const SparseElement* elements, const int32_t* order,
                 int64_t count, Matrix x, cudaStream_t stream);
void Gather(ConstMatrix x, const SparseElement* elements, int64_t count,
            float* out, cudaStream_t stream);

// x[r] += y[r], or y[0] where y has one row only.
void AddRows(ConstMatrix y, Matrix x, cudaStream_t stream);

void SoftmaxFrequencies(ConstMatrix logits, uint64_t* frequency,
                        uint64_t* total, cudaStream_t stream);
void SoftmaxBackward(const uint64_t* frequency, const uint64_t* total,
                     const int32_t* targets, Matrix dlogits,
                     cudaStream_t stream);

void Adam(const AdamStep& step, const float* gradient, float* weight,
          float* second, int64_t count, cudaStream_t stream);
void AdamRows(const AdamStep& step, const int32_t* rows,
              const float* corrections, int64_t count, ConstMatrix gradient,
              Matrix weight, Matrix second, cudaStream_t stream);

}  // namespace nncpp::cuda
