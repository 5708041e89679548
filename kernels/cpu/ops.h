// kernels/cpu/ops.h -- the work of one core on rows and ranges.
//
// One table per instruction set, compiled from the same source (ops_simd.cc)
// by the compiler's vectoriser; all return equal bits. CpuBackend cuts the
// operations of kernels/backend.h into these. Contracts: kernels/backend.h
// and docs/numerics.md.
#pragma once

#include <cstdint>

#include "kernels/numerics.h"

namespace nncpp::cpu {

// One row of the LSTM cell (backend.h, LstmCellForward). A missing product is
// a null pointer. `gates`, `normed` and the sums have G C elements in the
// order forget, candidate, output, input; G is 3 (no input gate), or 4 where
// there is no gain.
struct CellRow {
  int64_t cells;
  const float* from_below;  // G C or null
  const float* recurrent;   // G C
  const float* embedding;   // G C
  const float* gain;        // 3 C or null: a classic cell
  const float* bias;        // G C
  const float* c_before;    // C
  float* normed;            // 3 C, null in a classic cell
  float* inverse_rms;       // 3, null in a classic cell
  float* gates;             // G C
  float* c;                 // C
  float* h;                 // C
};

struct CellGradientRow {
  int64_t cells;
  const float* gain;
  const float* normed;
  const float* inverse_rms;
  const float* gates;
  const float* c_before;
  const float* c;
  const float* dh_above;      // C: from the layers and the logits above
  const float* dh_recurrent;  // C or null: from the next step
  float* dc;                  // C: in the gradient of c, out that of c_before
  float* dnormed;             // 3 C: of the gain-and-bias line's result; null
                              // in a classic cell
  float* dsum;                // G C: of the sum that was normalised
};

struct AdamConstants {
  float rate;        // of this update
  float beta2;       // decay of the second moment
  float correction;  // 1 / (1 - beta2^t)
  float epsilon;     // added to the root
  float clip;        // largest |step| in units of the rate
};

struct OpsTable {
  // Law 1 to nearest: quantises x[0, n) into q[0, padded); returns the scale.
  float (*quantize_row)(const float* x, int64_t n, int64_t padded, int16_t* q);

  // Law 1 stochastically, with the fold of the other operand's scales:
  // quantises x[i] * fold[i]; the norm stays within `norm`. `scratch` holds
  // 2 * (n + 128) floats.
  float (*quantize_gradient_row)(const float* x, const float* fold, int64_t n,
                                 int64_t padded, int64_t norm,
                                 const NoiseKey& noise, uint32_t row,
                                 float* scratch, int16_t* q);

  // Columns [begin, end) of x (rows x cols, x_stride apart) quantised along
  // the rows into pairs (product.h, ColumnOperand). begin and end are
  // multiples of 128, or end is the padded number of columns. Stochastic when
  // noise is not null.
  void (*quantize_columns)(const float* x, int64_t rows, int64_t x_stride,
                           int64_t cols, int64_t begin, int64_t end,
                           const NoiseKey* noise, int64_t stride, int16_t* q,
                           float* scale);

  // out[k] += q[k]^2 over the rows, for k in [begin, end).
  void (*column_squares)(const int16_t* q, int64_t rows, int64_t stride,
                         int64_t begin, int64_t end, int64_t* out);

  void (*cell_forward)(const CellRow& row);
  void (*cell_backward)(const CellGradientRow& row);

  // Law 2: out[j] = sum over i of rows[i][j] * factors[i][j] (factors may be
  // null: 1), for j in [begin, end).
  void (*sum_rows)(const float* const* rows, const float* const* factors,
                   int64_t count, int64_t begin, int64_t end, float* out);

  // Law 5: frequencies of one row of logits; returns their total.
  uint64_t (*frequencies)(const float* logits, int64_t symbols, float* scratch,
                          uint64_t* frequency);

  // dlogits = frequency / total - (1 at target)
  void (*softmax_backward)(const uint64_t* frequency, uint64_t total,
                           int64_t symbols, int64_t target, float* dlogits);

  void (*adam)(const AdamConstants& step, const float* gradient, float* weight,
               float* second, int64_t n);

  // y[j] = x[j] * scale where the noise is at least `least`, else 0.
  void (*dropout)(const float* x, int64_t n, const NoiseKey& noise,
                  uint32_t row, float least, float scale, float* y);

  // y[j] += x[j]
  void (*add)(const float* x, int64_t n, float* y);
};

extern const OpsTable kOpsScalar;
#if defined(__x86_64__)
extern const OpsTable kOpsAvx2;
extern const OpsTable kOpsAvx512;
#endif

}  // namespace nncpp::cpu
