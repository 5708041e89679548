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

#include "kernels/backend_types.h"
#include "kernels/numerics.h"
#include "src/coder/range_coder.h"

namespace nncpp {

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

  // The same and what follows it, for x, for the y of a norm and for that of a
  // gated unit, which are computed first.
  virtual void LinearForward(ConstMatrix x, const Linear& linear) = 0;
  virtual void NormLinearForward(const RmsNorm& norm, const Linear& linear) = 0;
  virtual void GateLinearForward(const GatedUnit& unit,
                                 const Linear& linear) = 0;

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

  // symbols, T x B. Step by step by the operations above, where a backend has
  // no better way.
  virtual void LstmLayerForward(const LstmLayer& layer, ConstSymbols symbols);
  virtual void LstmLayerBackward(const LstmLayerGradient& gradient);

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

  virtual void RmsNormForward(const RmsNorm& norm) = 0;

  // dx from dy, saturated at kGradientLimit; the gain's gradient is
  // SumRowProducts(dy, normed), the bias's SumRows(dy).
  virtual void RmsNormBackward(ConstMatrix dy, ConstMatrix gain,
                               ConstMatrix normed, ConstMatrix inverse_rms,
                               Matrix dx) = 0;

  // The gradient of a gated unit's u (its bias added), saturated at
  // kGradientLimit; that of the bias is SumRows(du).
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

  virtual std::unique_ptr<PositionVectors> NewPositionVectors(
      int64_t heads, int64_t head_size, int64_t positions) = 0;
  virtual void QuantizePositionVectors(ConstMatrix vectors,
                                       PositionVectors& quantized) = 0;

  virtual void AttentionForward(const Attention& attention,
                                const KeyValues& memory) = 0;
  virtual void AttentionBackward(const AttentionGradient& gradient,
                                 const KeyValues& memory) = 0;

  // One update of every element.
  virtual void Adam(const AdamStep& step, ConstMatrix gradient, Matrix weight,
                    Matrix second) = 0;

  // The same for a weight matrix, and its quantised copy.
  virtual void AdamQuantize(const AdamStep& step, ConstMatrix gradient,
                            Matrix weight, Matrix second,
                            Weights& quantized) = 0;

  // One update of the given rows; row rows[i] takes corrections[i] in place of
  // step.correction, since rows are updated at different times.
  virtual void AdamRows(const AdamStep& step, std::span<const int32_t> rows,
                        std::span<const float> corrections,
                        ConstMatrix gradient, Matrix weight, Matrix second) = 0;

 private:
  bool leaves_core_ = false;
};

}  // namespace nncpp
