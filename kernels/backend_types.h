// kernels/backend_types.h -- what the operations of kernels/backend.h work on.
//
// Letters and laws as there.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/numerics.h"

namespace nncpp {

// A borrowed row-major matrix in the backend's own memory: element (r, c) is
// data[r * stride + c]. Only a Backend may dereference `data`.
template <typename T>
struct MatrixRef {
  T* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;

  MatrixRef() = default;
  MatrixRef(T* d, int64_t r, int64_t c, int64_t s)
      : data(d), rows(r), cols(c), stride(s) {}
  MatrixRef(T* d, int64_t r, int64_t c) : MatrixRef(d, r, c, c) {}
  operator MatrixRef<const T>() const { return {data, rows, cols, stride}; }

  MatrixRef Rows(int64_t first, int64_t count) const {
    return {data == nullptr ? nullptr : data + first * stride, count, cols,
            stride};
  }
  MatrixRef Columns(int64_t first, int64_t count) const {
    return {data + first, rows, count, stride};
  }
};
using Matrix = MatrixRef<float>;
using ConstMatrix = MatrixRef<const float>;

// Symbols in the backend's memory, T x B and contiguous: element (t, b) is that
// of stream b at step t, or -1 where there is none; a table is then looked up
// as for symbol 0.
using Symbols = MatrixRef<int32_t>;
using ConstSymbols = MatrixRef<const int32_t>;

// The quantised copy of one weight matrix, N x K (law 1), in whatever layout
// the backend likes.
class Weights {
 public:
  virtual ~Weights() = default;
};

// One LSTM layer at the B rows of one step. Gates are coupled and normalised:
//
//   a = (from_below + recurrent) + table[symbol]       B x 3C: forget,
//   n = a / rms(a of one gate)                          candidate, output
//   f, g, o = sigmoid, tanh, sigmoid of gain * n + bias
//   c' = f * c + (1 - f) * g        h = o * tanh(c')
//
// Source: Hochreiter and Schmidhuber 1997 [hochreiter1997lstm] with the
// coupled gate (CIFG) of Greff et al. 2017 [greff2017odyssey], and the
// normalisation of Zhang and Sennrich 2019, eq. 4 [zhang2019rms].
//
// Without a gain the cell is the classic one [gers2000forget]: four gates, the
// input gate last, and no normalisation. c' saturates at kStateLimit.
//
//   f, g, o, i = sigmoid, tanh, sigmoid, sigmoid of a + bias
//   c' = f * c + i * g              h = o * tanh(c')
//
// Below, G is 3, or 4 in a classic cell.
struct LstmCell {
  ConstMatrix from_below;  // B x G C, or no data in the lowest layer
  ConstMatrix recurrent;   // B x G C
  ConstMatrix table;       // V x G C: what each symbol adds
  ConstMatrix gain;        // 1 x 3C, or no data in a classic cell
  ConstMatrix bias;        // 1 x G C
  ConstMatrix c_before;    // B x C
  Matrix normed;           // B x 3C: n, kept for the gradient; not if classic
  Matrix inverse_rms;      // B x 3; not if classic
  Matrix gates;            // B x G C: f, g, o, i
  Matrix c;                // B x C
  Matrix h;                // B x C

  LstmCell Rows(int64_t first, int64_t count) const;  // table, gain, bias: all
};

// The same, backwards. dc and dsum saturate at kGradientLimit.
struct LstmCellGradient {
  LstmCell cell;             // as the forward pass left it
  ConstMatrix dh_above;      // B x C
  ConstMatrix dh_recurrent;  // B x C, or no data at the last step
  Matrix dc;       // B x C: in the gradient of c, out that of c_before
  Matrix dnormed;  // B x 3C: of gain * n + bias; not if classic
  Matrix dsum;     // B x G C: of a

  LstmCellGradient Rows(int64_t first, int64_t count) const;  // but dc
};

// An LSTM layer at T steps, one after the other: at each, the recurrent
// products h_before w^T, and the cell, of which all matrices have T B rows but
// table, gain and bias. c_before and h_before are the rows of c and h a step
// earlier, in the same memory.
struct LstmLayer {
  LstmCell cell;           // without `recurrent`
  int64_t streams = 1;     // B
  const Weights& weights;  // G C x C
  ConstMatrix h_before;    // T B x C
  Matrix products;         // B x G C: room for those of a step; undefined then
};

// The same, backwards: at each step the cell, and dh = dsum w for the step
// before. Row t B + b takes the noise of that row. cell.dc is B x C: in the
// gradient of c after the last step, out that of c_before at the first.
struct LstmLayerGradient {
  LstmCellGradient cell;   // without `dh_recurrent`
  int64_t streams = 1;     // B
  const Weights& weights;  // G C x C
  NoiseKey noise;
  Matrix dh;  // B x C: room for that of a step; undefined then
};

// A product z = x w^T, and what becomes of it:
//   y = z + bias, or y = y + (z + bias)
struct Linear {
  const Weights& weights;  // N x K
  ConstMatrix bias;        // 1 x N, or no data: there is none
  Matrix y;                // R x N
  bool add = false;
};

// Root-mean-square normalisation of each row [zhang2019rms, eq. 4]:
//   inverse_rms = 1 / sqrt(mean of x^2 + kNormEpsilon)
//   normed      = x * inverse_rms
//   y           = gain * normed + bias
struct RmsNorm {
  ConstMatrix x;       // R x C
  ConstMatrix gain;    // 1 x C
  ConstMatrix bias;    // 1 x C, or no data: there is none
  Matrix normed;       // R x C
  Matrix inverse_rms;  // R x 1
  Matrix y;            // R x C; may be x
};

// A gated linear unit: y[j] = (u[j] * sigmoid(u[j])) * u[F + j], where the bias
// is first added to u, in place. y saturates at kActivationLimit.
// Source: SwiGLU of Shazeer 2020, eq. 6 [shazeer2020glu].
struct GatedUnit {
  Matrix u;          // R x 2F
  ConstMatrix bias;  // 1 x 2F, or no data: there is none
  Matrix y;          // R x F
};

// The keys and values that attention looks at, quantised (law 1, "Attention"),
// of all streams, heads and positions, in whatever layout the backend likes.
class KeyValues {
 public:
  virtual ~KeyValues() = default;
};

// Vectors of the places of a window, quantised row by row: H P x D, row h P + w
// that of head h and place w.
class PositionVectors {
 public:
  virtual ~PositionVectors() = default;
};

// Attention of H heads of D = C / H columns each, for the B streams of some
// steps. Position j of a stream is the step j - (P - 1) of the segment:
// earlier ones are memory. Step t of stream b looks at the window of the P
// positions t .. t + P - 1, the last of which is its own:
//
//   score[w]  = (query . key[t + w] + relative[w]) * scale     0 <= w < P
//   weights   = softmax(score)
//   out       = sum over w of weights[w] value[t + w]
//
// where relative[w] becomes query . vectors[w] + relative[w] if there are
// vectors; for each head, with its columns of query, key, value and out and its
// P columns of relative and weights. out saturates at kActivationLimit. Source:
// Vaswani et al. 2017, eq. 1 [vaswani2017attention]; the memory and the
// position's part of the score after Dai et al. 2019, section 3.3
// [dai2019xl]. That every step sees as many positions as any other is ours.
struct Attention {
  int64_t streams = 1;   // B
  int64_t heads = 1;     // H
  int64_t first = 0;     // step of the first rows
  float scale = 1;       // of the scores
  ConstMatrix query;     // R x C, R a multiple of B
  ConstMatrix relative;  // R x H P, or 1 x H P for all rows
  Matrix weights;        // R x H P, kept for the gradient
  Matrix out;            // R x C
  const PositionVectors* vectors = nullptr;
};

// The same, backwards, for a whole segment; memory has no gradient. Gradients
// saturate at kGradientLimit, except for what goes by the vectors: dvectors,
// and what is added to dquery afterwards.
struct AttentionGradient {
  Attention attention;  // as the forward pass left it
  NoiseKey noise;       // tensors noise.tensor .. noise.tensor + 3
  ConstMatrix dout;     // R x C
  Matrix drelative;     // R x H P
  Matrix dquery;        // R x C
  Matrix dkey;          // R x C
  Matrix dvalue;        // R x C
  // Where there are vectors. Head h takes the noise of tensor + 2^16 h for the
  // query's gradient, and of the tensor after that for theirs.
  NoiseKey vector_noise = {};
  Matrix dvectors = {};  // H P x D
};

// Adam without a first moment [kingma2015adam], beta1 = 0:
//   v = beta2 v + (1 - beta2) g^2
//   w = w - rate * clamp(g / (sqrt(v * correction) + epsilon), +-clip)
// Weights saturate at kWeightLimit.
struct AdamStep {
  float rate = 0;
  float beta2 = 0.9999f;
  float correction = 1;  // 1 / (1 - beta2^t)
  float epsilon = 1e-8f;
  float clip = 1;  // in units of the rate
};

// A value at row and column of some matrix; in host memory.
struct SparseElement {
  int32_t row;
  int32_t column;
  float value;
};

// The integer frequencies of law 5, R x V, and their R totals, in the backend's
// memory.
class Frequencies {
 public:
  virtual ~Frequencies() = default;

  // Those of one row in host memory, good until rows are computed again.
  virtual std::span<const uint64_t> At(int64_t row) = 0;
  virtual uint64_t TotalAt(int64_t row) = 0;
};

// Work that is done again and again.
class Routine {
 public:
  virtual ~Routine() = default;
};

}  // namespace nncpp
