// tests/support/backend_cases.cc -- contract: tests/support/backend_cases.h
#include "tests/support/backend_cases.h"

#include <algorithm>
#include <memory>

#include "tests/support/held_matrix.h"
#include "tests/support/random_floats.h"

namespace nncpp::testing {
namespace {

using Result = std::vector<uint32_t>;

void Append(const HeldMatrix& m, Result& result) {
  for (const uint32_t bits : Bits(m.Values())) result.push_back(bits);
}

template <typename... M>
Result BitsOf(const M&... matrices) {
  Result result;
  (Append(matrices, result), ...);
  return result;
}

// Mostly ordinary numbers; zeros of either sign, a denormal and one number far
// above the others among them, and a row of zeros where there are many.
HeldMatrix Numbers(Backend& b, int64_t rows, int64_t cols, uint64_t seed,
                   float range = 1.0f) {
  std::vector<float> x = RandomFloats(rows * cols, seed, range);
  const auto size = x.size();
  for (size_t i = 0; i < size; ++i) {
    if (i % 97 == 5) x[i] = 0.0f;
    if (i % 89 == 7) x[i] = -0.0f;
    if (i % 83 == 11) x[i] = 1e-40f;
  }
  if (size > 40) x[size / 2] = 30.0f * range;
  if (rows > 4) {
    const auto row = static_cast<size_t>(3 * cols);
    for (size_t i = 0; i < static_cast<size_t>(cols); ++i) x[row + i] = 0.0f;
  }
  return {b, rows, cols, x};
}

std::vector<int32_t> Symbols(int64_t count, int64_t alphabet) {
  std::vector<int32_t> symbols;
  for (int64_t i = 0; i < count; ++i) {
    symbols.push_back(static_cast<int32_t>(i * i % 101 % alphabet));
  }
  return symbols;
}

std::unique_ptr<Weights> SomeWeights(Backend& b, const CaseSize& s) {
  std::unique_ptr<Weights> weights = b.NewWeights(s.n, s.k);
  // Twice: what the first left behind must not show.
  b.QuantizeWeights(Numbers(b, s.n, s.k, 1, 60.0f), *weights);
  b.QuantizeWeights(Numbers(b, s.n, s.k, 2), *weights);
  return weights;
}

// Operands and results are columns of wider matrices, as a model's may be.
constexpr int64_t kBeside = 3;

Result ProductForward(Backend& b, const CaseSize& s) {
  const auto weights = SomeWeights(b, s);
  const HeldMatrix x = Numbers(b, s.rows, s.k + kBeside, 3);
  const HeldMatrix y(b, s.rows, s.n + kBeside);
  b.ProductForward(x.view().Columns(1, s.k), *weights,
                   y.view().Columns(2, s.n));
  return BitsOf(y);
}

Result ProductForwardUnset(Backend& b, const CaseSize& s) {
  const auto weights = b.NewWeights(s.n, s.k);
  const HeldMatrix x = Numbers(b, s.rows, s.k, 4), y(b, s.rows, s.n);
  b.ProductForward(x, *weights, y);
  return BitsOf(y);
}

Result ProductBackward(Backend& b, const CaseSize& s) {
  const auto weights = SomeWeights(b, s);
  const HeldMatrix dy = Numbers(b, s.rows, s.n + kBeside, 5, 1e-3f);
  const HeldMatrix dx(b, s.rows, s.k + kBeside);
  b.ProductBackward(dy.view().Columns(1, s.n), *weights, {7, 8, 9}, 77,
                    dx.view().Columns(2, s.k));
  return BitsOf(dx);
}

Result ProductGradient(Backend& b, const CaseSize& s) {
  const HeldMatrix dy = Numbers(b, s.rows, s.n + kBeside, 6, 1e-3f);
  const HeldMatrix x = Numbers(b, s.rows, s.k + kBeside, 7);
  const HeldMatrix dw(b, s.n, s.k);
  b.ProductGradient(dy.view().Columns(1, s.n), x.view().Columns(2, s.k),
                    {10, 11, 12}, dw);
  return BitsOf(dw);
}

// `lowest`: nothing below, and no step after.
Result LstmCells(Backend& b, const CaseSize& s, bool lowest) {
  const int64_t c = s.k, r = s.rows;
  const HeldMatrix below = Numbers(b, r, 3 * c, 8),
                   recurrent = Numbers(b, r, 3 * c, 9),
                   table = Numbers(b, 11, 3 * c, 10),
                   gain = Numbers(b, 1, 3 * c, 11),
                   bias = Numbers(b, 1, 3 * c, 12),
                   before = Numbers(b, r, c, 13), normed(b, r, 3 * c),
                   rms(b, r, 3), gates(b, r, 3 * c), after(b, r, c),
                   h(b, r, 2 * c);
  const LstmCell cell = {lowest ? Matrix() : below.view(),
                         recurrent,
                         table,
                         gain,
                         bias,
                         before,
                         normed,
                         rms,
                         gates,
                         after,
                         h.view().Columns(c, c)};
  b.LstmCellForward(cell, Symbols(r, 11));
  const HeldMatrix above = Numbers(b, r, 2 * c, 14),
                   next = Numbers(b, r, c, 15), dc = Numbers(b, r, c, 16),
                   dnormed(b, r, 3 * c), dsum(b, r, 3 * c);
  b.LstmCellBackward({cell, above.view().Columns(c, c),
                      lowest ? Matrix() : next.view(), dc, dnormed, dsum});
  return BitsOf(normed, rms, gates, after, h, dc, dnormed, dsum);
}

Result ClassicCells(Backend& b, const CaseSize& s) {
  const int64_t c = s.k, r = s.rows;
  const HeldMatrix below = Numbers(b, r, 4 * c, 31),
                   recurrent = Numbers(b, r, 4 * c, 32, 9.0f),
                   table = Numbers(b, 11, 4 * c, 33),
                   bias = Numbers(b, 1, 4 * c, 34),
                   before = Numbers(b, r, c, 35, 64.0f), gates(b, r, 4 * c),
                   after(b, r, c), h(b, r, c);
  const LstmCell cell = {.from_below = below,
                         .recurrent = recurrent,
                         .table = table,
                         .gain = {},
                         .bias = bias,
                         .c_before = before,
                         .normed = {},
                         .inverse_rms = {},
                         .gates = gates,
                         .c = after,
                         .h = h};
  b.LstmCellForward(cell, Symbols(r, 11));
  const HeldMatrix above = Numbers(b, r, c, 36), next = Numbers(b, r, c, 37),
                   dc = Numbers(b, r, c, 38, 1e5f), dsum(b, r, 4 * c);
  b.LstmCellBackward({cell, above, next, dc, Matrix(), dsum});
  return BitsOf(gates, after, h, dc, dsum);
}

Result Sums(Backend& b, const CaseSize& s) {
  const HeldMatrix x = Numbers(b, s.rows, s.n, 17);
  const HeldMatrix y = Numbers(b, s.rows, s.n, 18);
  const HeldMatrix sum(b, 1, s.n), products(b, 1, s.n);
  const HeldMatrix table = Numbers(b, s.v, s.n, 19);
  b.SumRows(x, sum);
  b.SumRowProducts(x, y, products);
  b.EmbeddingGradient(x, Symbols(s.rows, s.v), table);
  return BitsOf(sum, products, table);
}

Result Softmax(Backend& b, const CaseSize& s) {
  const HeldMatrix logits = Numbers(b, s.rows, s.v, 20, 9.0f);
  const HeldMatrix dlogits(b, s.rows, s.v);
  std::vector<uint64_t> frequency(static_cast<size_t>(s.rows * s.v));
  std::vector<uint64_t> total(static_cast<size_t>(s.rows));
  b.SoftmaxFrequencies(logits, {frequency, total});
  std::vector<int32_t> targets = Symbols(s.rows, s.v);
  targets[0] = -1;
  b.SoftmaxBackward({frequency, total}, targets, dlogits);
  Result result = BitsOf(dlogits);
  for (const auto& words : {frequency, total}) {
    for (const uint64_t word : words) {
      result.push_back(static_cast<uint32_t>(word));
      result.push_back(static_cast<uint32_t>(word >> 32));
    }
  }
  return result;
}

// Some places several times, in no order.
std::vector<SparseElement> Elements(const CaseSize& s) {
  std::vector<SparseElement> elements;
  const std::vector<float> values = RandomFloats(60, 21);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<int64_t>(i * i % 41);
    elements.push_back({static_cast<int32_t>(at % s.rows),
                        static_cast<int32_t>(at * 7 % s.n), values[i]});
  }
  return elements;
}

Result Additions(Backend& b, const CaseSize& s) {
  const HeldMatrix x = Numbers(b, s.rows, s.n, 22);
  const HeldMatrix y = Numbers(b, s.rows, s.n, 23);
  const HeldMatrix bias = Numbers(b, 1, s.n, 24);
  b.Add(y, x);
  b.AddBias(bias, x);
  const std::vector<SparseElement> elements = Elements(s);
  b.AddElements(elements, x);
  std::vector<float> gathered(elements.size());
  b.Gather(x, elements, gathered);
  Result result = BitsOf(x);
  for (const uint32_t bits : Bits(gathered)) result.push_back(bits);
  return result;
}

Result Dropout(Backend& b, const CaseSize& s) {
  const HeldMatrix x = Numbers(b, s.rows, s.n, 41);
  const HeldMatrix y(b, s.rows, s.n);
  b.Dropout(x, {13, 14, 15}, 3, 0.25f, y);
  b.Dropout(x, {13, 14, 16}, 3, 0.0f, x);
  return BitsOf(x, y);
}

Result Embedding(Backend& b, const CaseSize& s) {
  const HeldMatrix table = Numbers(b, s.v, s.n, 42);
  const HeldMatrix y(b, s.rows, s.n);
  b.EmbeddingForward(table, Symbols(s.rows, s.v), y);
  return BitsOf(y);
}

Result RmsNorm(Backend& b, const CaseSize& s) {
  const HeldMatrix x = Numbers(b, s.rows, s.n, 51),
                   gain = Numbers(b, 1, s.n, 52);
  const HeldMatrix normed(b, s.rows, s.n), rms(b, s.rows, 1), y(b, s.rows, s.n);
  b.RmsNormForward(x, gain, normed, rms, y);
  const HeldMatrix dy = Numbers(b, s.rows, s.n, 53), dx(b, s.rows, s.n);
  b.RmsNormBackward(dy, gain, normed, rms, dx);
  const HeldMatrix copy(b, s.rows, s.n + kBeside);
  b.Copy(dx, copy.view().Columns(1, s.n));
  b.RmsNormForward(x, gain, normed, rms, x);
  return BitsOf(normed, rms, y, dx, copy, x);
}

Result Gate(Backend& b, const CaseSize& s) {
  const HeldMatrix u = Numbers(b, s.rows, 2 * s.n, 54, 1e4f);
  const HeldMatrix y(b, s.rows, s.n), du(b, s.rows, 2 * s.n);
  b.GateForward(u, y);
  b.GateBackward(u, Numbers(b, s.rows, s.n, 55), du);
  return BitsOf(y, du);
}

// Up to 3 streams of 2 heads, whose window is longer than the segment, or
// shorter; in two calls forwards, and once more after the memory has moved.
Result Attend(Backend& b, const CaseSize& s) {
  const int64_t streams = std::min<int64_t>(s.rows, 3), heads = 2;
  const int64_t steps = std::min<int64_t>(s.rows / streams, 64);
  const int64_t size = std::min<int64_t>(s.k, 128);
  const int64_t window = s.v < 30 ? s.v : s.v / 2;
  const int64_t rows = streams * steps, c = heads * size;
  const int64_t positions = window - 1 + steps;
  const HeldMatrix key = Numbers(b, streams * positions, c, 61),
                   value = Numbers(b, streams * positions, c, 62),
                   query = Numbers(b, rows, c, 63),
                   relative = Numbers(b, rows, heads * window, 64),
                   dout = Numbers(b, rows, c, 65, 1e-3f);
  const HeldMatrix weights(b, rows, heads * window), out(b, rows, c),
      dscores(b, rows, heads * window), dquery(b, rows, c), dkey(b, rows, c),
      dvalue(b, rows, c);
  const auto memory = b.NewKeyValues(streams, heads, size, positions);
  b.QuantizeKeyValues(key, value, streams, 0, *memory);
  const auto part = [&](int64_t first, int64_t count) -> Attention {
    const int64_t row = first * streams, some = count * streams;
    return {.streams = streams,
            .heads = heads,
            .first = first,
            .scale = 0.4f,
            .query = query.view().Rows(row, some),
            .relative = relative.view().Rows(row, some),
            .weights = weights.view().Rows(row, some),
            .out = out.view().Rows(row, some)};
  };
  b.AttentionForward(part(0, steps / 2), *memory);
  b.AttentionForward(part(steps / 2, steps - steps / 2), *memory);
  b.AttentionBackward({.attention = part(0, steps),
                       .noise = {66, 67, 68},
                       .dout = dout,
                       .drelative = dscores,
                       .dquery = dquery,
                       .dkey = dkey,
                       .dvalue = dvalue},
                      *memory);
  Result result = BitsOf(weights, out, dscores, dquery, dkey, dvalue);
  const int64_t moved = std::min<int64_t>(2, positions - 1);
  b.MoveKeyValues(moved, *memory);
  b.QuantizeKeyValues(key.view().Rows(0, moved * streams),
                      value.view().Rows(0, moved * streams), streams,
                      positions - moved, *memory);
  Attention again = part(0, steps);
  again.relative = relative.view().Rows(0, 1);
  b.AttentionForward(again, *memory);
  Append(out, result);
  return result;
}

Result Adam(Backend& b, const CaseSize& s) {
  const HeldMatrix gradient = Numbers(b, s.rows, s.n, 25, 100.0f);
  const HeldMatrix weight = Numbers(b, s.rows, s.n, 26, 64.0f);
  const HeldMatrix second(b, s.rows, s.n);
  const AdamStep step = {0.5f, 0.999f, 1000.0f, 1e-8f, 1.0f};
  b.Adam(step, gradient, weight, second);
  std::vector<int32_t> rows = {static_cast<int32_t>(s.rows - 1)};
  if (s.rows > 1) rows.push_back(0);
  const std::vector<float> corrections = {500.0f, 3.0f};
  b.AdamRows(step, rows, std::span(corrections).first(rows.size()), gradient,
             weight, second);
  return BitsOf(weight, second);
}

}  // namespace

std::string Text(const CaseSize& s) {
  return "R " + std::to_string(s.rows) + ", N " + std::to_string(s.n) + ", K " +
         std::to_string(s.k) + ", V " + std::to_string(s.v);
}

std::vector<CaseSize> OddSizes() {
  return {{1, 1, 1, 2},       {3, 31, 33, 5},   {9, 129, 32, 64},
          {17, 65, 200, 256}, {33, 40, 70, 33}, {41, 147, 133, 300},
          {70, 100, 40, 130}, {130, 260, 40, 7}};
}

std::vector<CaseSize> ModelSizes() {
  return {{4, 960, 320, 256},     {64, 960, 320, 256}, {32, 4096, 1024, 16384},
          {128, 4200, 1400, 256}, {513, 999, 777, 50}, {2048, 4096, 1024, 300}};
}

const std::vector<BackendCase>& BackendCases() {
  static const std::vector<BackendCase> cases = {
      {"ProductForward", ProductForward},
      {"ProductForward, weights not set", ProductForwardUnset},
      {"ProductBackward", ProductBackward},
      {"ProductGradient", ProductGradient},
      {"LstmCell, lowest",
       [](Backend& b, const CaseSize& s) { return LstmCells(b, s, true); }},
      {"LstmCell, above others",
       [](Backend& b, const CaseSize& s) { return LstmCells(b, s, false); }},
      {"LstmCell, classic", ClassicCells},
      {"sums", Sums},
      {"Embedding", Embedding},
      {"Dropout", Dropout},
      {"softmax", Softmax},
      {"additions", Additions},
      {"RmsNorm, Copy", RmsNorm},
      {"Gate", Gate},
      {"Attention", Attend},
      {"Adam", Adam},
  };
  return cases;
}

}  // namespace nncpp::testing
