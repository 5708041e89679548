// kernels/cuda/ops.h -- all operations beside products, as launches.
//
// Contracts: kernels/backend.h. All pointers are device memory, and the spans
// and lists of that interface come as pointers into it.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/coding.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/noise.h"
#include "kernels/cuda/quantize.h"

namespace nncpp::cuda {

// The row of a table that a symbol names.
NNCPP_HD int32_t Looked(int32_t symbol) { return symbol < 0 ? 0 : symbol; }

// h goes to `quantized` as well, and dsum, where these are not null.
void LstmCellForward(const LstmCell& cell, const int32_t* symbols,
                     const Operand* quantized, cudaStream_t stream);
void LstmCellBackward(const LstmCellGradient& gradient,
                      const GradientOperand* quantized, cudaStream_t stream);

// Law 2 over the rows of each symbol that occurs, into its row of out. `order`
// has room for a number a row.
void SumBySymbols(ConstMatrix x, const int32_t* symbols, int32_t* order,
                  Matrix out, cudaStream_t stream);

// The same over all rows, into the one row of out. y may have no data: 1.
void SumAllRows(ConstMatrix x, ConstMatrix y, Matrix out, cudaStream_t stream);

// y[r] = table[symbols[r]]
void EmbeddingForward(ConstMatrix table, const int32_t* symbols, Matrix y,
                      cudaStream_t stream);

void Dropout(ConstMatrix x, const DeviceNoise& noise, int64_t first_row,
             float rate, Matrix y, cudaStream_t stream);

// `order` lists the elements by place, those of one place in order.
void AddElements(const SparseElement* elements, const int32_t* order,
                 int64_t count, Matrix x, cudaStream_t stream);
void Gather(ConstMatrix x, const SparseElement* elements, int64_t count,
            float* out, cudaStream_t stream);

void Clear(Matrix x, cudaStream_t stream);

void Add(ConstMatrix y, Matrix x, cudaStream_t stream);

// Rows first_row .. of f.
void SoftmaxFrequencies(ConstMatrix logits, int64_t first_row,
                        const FrequencyRows& f, cudaStream_t stream);
void SoftmaxBackward(const FrequencyRows& f, const int32_t* targets,
                     Matrix dlogits, cudaStream_t stream);

void Adam(const AdamStep& step, const float* gradient, float* weight,
          float* second, int64_t count, cudaStream_t stream);
// The same for the rows of a matrix, which are quantised, too.
void AdamQuantizeRows(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                      Matrix second, const Operand& quantized,
                      cudaStream_t stream);
void AdamRows(const AdamStep& step, const int32_t* rows,
              const float* corrections, int64_t count, ConstMatrix gradient,
              Matrix weight, Matrix second, cudaStream_t stream);

}  // namespace nncpp::cuda
