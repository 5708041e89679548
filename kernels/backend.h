// kernels/backend.h -- every operation a model may ask of a processor.
//
// Model code holds a Backend& and nothing else: it never sees a device, and
// never asks which backend it got. All operations on one Backend run in call
// order. A Backend is used by one thread at a time and owns its threads.
//
// Shapes: B streams, T steps, R = T * B rows of a segment (row t * B + b), C
// cells, V symbols, N x K a weight matrix of N outputs and K inputs. Every
// operation gives a row the same bits whatever other rows are in the call, so
// that a batched segment equals T single steps; every backend gives the same
// bits. "Law n" is a section of docs/numerics.md. Operations on zero rows do
// nothing. None throws except where said; a failed launch on a device is
// Error(kDevice).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "kernels/numerics.h"
#include "src/coder/range_coder.h"

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
    return {data + first * stride, count, cols, stride};
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
};

// The same, backwards. dc and dsum saturate at kGradientLimit.
struct LstmCellGradient {
  LstmCell cell;             // as the forward pass left it
  ConstMatrix dh_above;      // B x C
  ConstMatrix dh_recurrent;  // B x C, or no data at the last step
  Matrix dc;       // B x C: in the gradient of c, out that of c_before
  Matrix dnormed;  // B x 3C: of gain * n + bias; not if classic
  Matrix dsum;     // B x G C: of a
};

// The keys and values that attention looks at, quantised (law 1, "Attention"),
// of all streams, heads and positions, in whatever layout the backend likes.
class KeyValues {
 public:
  virtual ~KeyValues() = default;
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
// for each head, with its columns of query, key, value and out and its P
// columns of relative and weights. out saturates at kActivationLimit.
// Source: Vaswani et al. 2017, eq. 1 [vaswani2017attention]; the memory and the
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
};

// The same, backwards, for a whole segment; memory has no gradient. All
// gradients saturate at kGradientLimit.
struct AttentionGradient {
  Attention attention;  // as the forward pass left it
  NoiseKey noise;       // tensors noise.tensor .. noise.tensor + 3
  ConstMatrix dout;     // R x C
  Matrix drelative;     // R x H P
  Matrix dquery;        // R x C
  Matrix dkey;          // R x C
  Matrix dvalue;        // R x C
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

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view Name() const = 0;

  // Whether a core is left for what its caller does beside it; who makes a
  // backend says so.
  bool leaves_core() const { return leaves_core_; }
  void set_leaves_core(bool leaves) { leaves_core_ = leaves; }

  // Returns `count` zeros in backend memory, freed with the last owner. The
  // owners must not outlive the Backend. Throws Error(kMemory) when full.
  virtual std::shared_ptr<float[]> NewArray(int64_t count) = 0;

  // Copy host <-> backend; both return when the host's memory is free again.
  virtual void Upload(std::span<const float> host, float* array) = 0;
  virtual void Download(const float* array, std::span<float> host) = 0;

  // The same for symbols.
  virtual std::shared_ptr<int32_t[]> NewSymbols(int64_t count) = 0;
  virtual void UploadSymbols(std::span<const int32_t> host,
                             int32_t* symbols) = 0;
  virtual void DownloadSymbols(const int32_t* symbols,
                               std::span<int32_t> host) = 0;

  virtual std::unique_ptr<Routine> NewRoutine() = 0;

  // Does `work`, which for one routine is always the same: equal operations of
  // this backend with equal arguments, except that the `update` of each
  // NoiseKey is the one given. So a device may record it, and do it again
  // without a call of `work`. What passes through the host's memory must not be
  // in it.
  virtual void Run(Routine& routine, uint32_t update,
                   const std::function<void()>& work) = 0;

  // The quantised copy of an N x K matrix, all zero until QuantizeWeights.
  virtual std::unique_ptr<Weights> NewWeights(int64_t n, int64_t k) = 0;
  virtual void QuantizeWeights(ConstMatrix w, Weights& quantized) = 0;

  // y = x w^T (rows x N). x is quantised row by row, to nearest (law 1).
  virtual void ProductForward(ConstMatrix x, const Weights& w, Matrix y) = 0;

  // dx = dy w (rows x K). dy is quantised row by row, stochastically; row i
  // takes the noise of row first_row + i.
  virtual void ProductBackward(ConstMatrix dy, const Weights& w,
                               const NoiseKey& noise, int64_t first_row,
                               Matrix dx) = 0;

  // dw = dy^T x (N x K), summed over R rows. Both are quantised column by
  // column, dy stochastically, x to nearest.
  virtual void ProductGradient(ConstMatrix dy, ConstMatrix x,
                               const NoiseKey& noise, Matrix dw) = 0;

  // symbols, 1 x B: rows of cell.table.
  virtual void LstmCellForward(const LstmCell& cell, ConstSymbols symbols) = 0;
  virtual void LstmCellBackward(const LstmCellGradient& gradient) = 0;

  // out[j] = sum over rows of x[r][j], or of x[r][j] * y[r][j] (law 2).
  virtual void SumRows(ConstMatrix x, Matrix out) = 0;
  virtual void SumRowProducts(ConstMatrix x, ConstMatrix y, Matrix out) = 0;

  // table[s] = sum of the rows of dx whose symbol is s, for every s that occurs
  // (law 2); other rows of table are left alone. Row t B + b has symbol (t, b).
  virtual void EmbeddingGradient(ConstMatrix dx, ConstSymbols symbols,
                                 Matrix table) = 0;

  // y = the rows of table that the symbols name.
  virtual void EmbeddingForward(ConstMatrix table, ConstSymbols symbols,
                                Matrix y) = 0;

  // x[r] += bias
  virtual void AddBias(ConstMatrix bias, Matrix x) = 0;

  // Adds each element to its place in x, in order.
  virtual void AddElements(std::span<const SparseElement> elements,
                           Matrix x) = 0;

  // out[i] = x at the place of elements[i].
  virtual void Gather(ConstMatrix x, std::span<const SparseElement> elements,
                      std::span<float> out) = 0;

  // Room for those of `rows` rows of `symbols` symbols.
  virtual std::unique_ptr<Frequencies> NewFrequencies(int64_t rows,
                                                      int64_t symbols) = 0;

  // Law 5, for each row of logits: rows first_row .. of `out`.
  virtual void SoftmaxFrequencies(ConstMatrix logits, int64_t first_row,
                                  Frequencies& out) = 0;

  // dlogits[r] = frequency[r] / total[r], less 1 at the target of row r; all
  // zero where that is -1 (a row past the end of its stream).
  virtual void SoftmaxBackward(Frequencies& frequencies, ConstSymbols targets,
                               Matrix dlogits) = 0;

  // Codes each stream's symbols, in the order of steps, by rows t B + b of the
  // frequencies; there are B encoders.
  virtual void EncodeSymbols(Frequencies& frequencies, ConstSymbols symbols,
                             std::span<RangeEncoder> encoders) = 0;

  // The other way, a step at a time: StartDecoding takes over B decoders, of
  // which the b-th is to give counts[b] symbols; DecodeSymbols finds the next
  // ones, 1 x B, by rows first_row + b, -1 where a stream has given all;
  // EndDecoding gives the decoders back. One of the latter two throws
  // Error(kFormat) where the bytes were not made by an encoder.
  virtual void StartDecoding(std::span<RangeDecoder> decoders,
                             std::span<const int64_t> counts) = 0;
  virtual void DecodeSymbols(Frequencies& frequencies, int64_t first_row,
                             Symbols symbols) = 0;
  virtual void EndDecoding(std::span<RangeDecoder> decoders) = 0;

  // y = x / (1 - rate) where an element is kept, else 0; it is dropped with
  // probability `rate`, 0 <= rate < 1 [srivastava2014dropout]. Row i takes the
  // noise of row first_row + i. x and y may be the same matrix.
  virtual void Dropout(ConstMatrix x, const NoiseKey& noise, int64_t first_row,
                       float rate, Matrix y) = 0;

  // x += y.
  virtual void Add(ConstMatrix y, Matrix x) = 0;

  // y = x, of the same shape; they do not overlap.
  virtual void Copy(ConstMatrix x, Matrix y) = 0;

  // x = 0.
  virtual void Clear(Matrix x) = 0;

  // Root-mean-square normalisation of each row [zhang2019rms, eq. 4]:
  //   inverse_rms = 1 / sqrt(mean of x^2 + kNormEpsilon)          R x 1
  //   normed      = x * inverse_rms
  //   y           = gain * normed
  // Backward: dx from dy; the gain's gradient is SumRowProducts(dy, normed).
  // dx saturates at kGradientLimit. y and x may be the same matrix.
  virtual void RmsNormForward(ConstMatrix x, ConstMatrix gain, Matrix normed,
                              Matrix inverse_rms, Matrix y) = 0;
  virtual void RmsNormBackward(ConstMatrix dy, ConstMatrix gain,
                               ConstMatrix normed, ConstMatrix inverse_rms,
                               Matrix dx) = 0;

  // y[j] = (u[j] * sigmoid(u[j])) * u[F + j]: a gated linear unit, u R x 2F.
  // y and du saturate at kActivationLimit and kGradientLimit.
  // Source: SwiGLU of Shazeer 2020, eq. 6 [shazeer2020glu].
  virtual void GateForward(ConstMatrix u, Matrix y) = 0;
  virtual void GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du) = 0;

  // Room for `positions` keys and values of each of `streams` streams, of
  // `heads` heads of `head_size` columns; all zero.
  virtual std::unique_ptr<KeyValues> NewKeyValues(int64_t streams,
                                                  int64_t heads,
                                                  int64_t head_size,
                                                  int64_t positions) = 0;

  // Row t * streams + b of key and value becomes position first + t of
  // stream b.
  virtual void QuantizeKeyValues(ConstMatrix key, ConstMatrix value,
                                 int64_t streams, int64_t first,
                                 KeyValues& quantized) = 0;

  // Position j + steps becomes position j; the last `steps` are undefined.
  virtual void MoveKeyValues(int64_t steps, KeyValues& quantized) = 0;

  virtual void AttentionForward(const Attention& attention,
                                const KeyValues& memory) = 0;
  virtual void AttentionBackward(const AttentionGradient& gradient,
                                 const KeyValues& memory) = 0;

  // One update of every element.
  virtual void Adam(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                    Matrix second) = 0;

  // One update of the given rows; row rows[i] takes corrections[i] in place of
  // step.correction, since rows are updated at different times.
  virtual void AdamRows(const AdamStep& step, std::span<const int32_t> rows,
                        std::span<const float> corrections,
                        ConstMatrix gradient, Matrix weight, Matrix second) = 0;

 private:
  bool leaves_core_ = false;
};

}  // namespace nncpp
