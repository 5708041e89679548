// tests/support/backend_cases_lstm.cc -- cases of LSTM cells and layers.
#include <algorithm>

#include "tests/support/case_numbers.h"

namespace nncpp::testing {
namespace {

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
  b.LstmCellForward(cell, SomeSymbols(b, r, 11));
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
  b.LstmCellForward(cell, SomeSymbols(b, r, 11));
  const HeldMatrix above = Numbers(b, r, c, 36), next = Numbers(b, r, c, 37),
                   dc = Numbers(b, r, c, 38, 1e5f), dsum(b, r, 4 * c);
  b.LstmCellBackward({cell, above, next, dc, Matrix(), dsum});
  return BitsOf(gates, after, h, dc, dsum);
}

// Some steps of some streams, forwards and backwards.
Result Layers(Backend& b, int64_t c, int64_t streams, int64_t steps,
              bool classic, bool lowest) {
  const int64_t r = steps * streams, sums = (classic ? 4 : 3) * c;
  const auto weights = b.NewWeights(sums, c);
  b.QuantizeWeights(Numbers(b, sums, c, 51), *weights);
  const HeldMatrix below = Numbers(b, r, sums, 52),
                   table = Numbers(b, 11, sums, 53),
                   gain = Numbers(b, 1, sums, 54),
                   bias = Numbers(b, 1, sums, 55),
                   cells = Numbers(b, r + streams, c, 56),
                   h = Numbers(b, r + streams, 2 * c, 57), normed(b, r, sums),
                   rms(b, r, 3), gates(b, r, sums), products(b, streams, sums);
  const Matrix none, h_side = h.view().Columns(c, c);
  const LstmCell cell = {.from_below = lowest ? none : below.view(),
                         .recurrent = {},
                         .table = table,
                         .gain = classic ? none : gain.view(),
                         .bias = bias,
                         .c_before = cells.view().Rows(0, r),
                         .normed = classic ? none : normed.view(),
                         .inverse_rms = classic ? none : rms.view(),
                         .gates = gates,
                         .c = cells.view().Rows(streams, r),
                         .h = h_side.Rows(streams, r)};
  const HeldSymbols symbols = SomeSymbols(b, r, 11);
  b.LstmLayerForward({.cell = cell,
                      .streams = streams,
                      .weights = *weights,
                      .h_before = h_side.Rows(0, r),
                      .products = products},
                     {symbols.view().data, steps, streams});
  const HeldMatrix above = Numbers(b, r, 2 * c, 58),
                   dc = Numbers(b, streams, c, 59), dnormed(b, r, sums),
                   dsum(b, r, sums), dh(b, streams, c);
  b.LstmLayerBackward({.cell = {.cell = cell,
                                .dh_above = above.view().Columns(c, c),
                                .dh_recurrent = {},
                                .dc = dc,
                                .dnormed = classic ? none : dnormed.view(),
                                .dsum = dsum},
                       .streams = streams,
                       .weights = *weights,
                       .noise = {7, 8, 9},
                       .dh = dh});
  return BitsOf(cells, h, normed, rms, gates, dc, dnormed, dsum);
}

// Three steps of up to 19 streams.
Result ShortLayers(Backend& b, const CaseSize& s, bool classic, bool lowest) {
  return Layers(b, s.k, std::min<int64_t>((s.rows + 2) / 3, 19), 3, classic,
                lowest);
}

// Of few rows, or of so many that they are multiplied by tiles.
Result WideLayer(Backend& b, const CaseSize& s) {
  constexpr int64_t kCells = 200, kMany = 66;
  return Layers(b, kCells,
                s.rows < kMany ? std::min<int64_t>(s.rows, 3) : kMany, 2, false,
                false);
}

}  // namespace

std::vector<BackendCase> LstmCases() {
  using B = Backend;
  using S = CaseSize;
  return {
      {"LstmCell, lowest",
       [](B& b, const S& s) { return LstmCells(b, s, true); }},
      {"LstmCell, above others",
       [](B& b, const S& s) { return LstmCells(b, s, false); }},
      {"LstmCell, classic", ClassicCells},
      {"LstmLayer",
       [](B& b, const S& s) { return ShortLayers(b, s, false, false); }},
      {"LstmLayer, lowest",
       [](B& b, const S& s) { return ShortLayers(b, s, false, true); }},
      {"LstmLayer, classic",
       [](B& b, const S& s) { return ShortLayers(b, s, true, false); }},
      {"LstmLayer, one step",
       [](B& b, const S& s) { return Layers(b, s.k, s.rows, 1, true, true); }},
      {"LstmLayer, too wide for the chip", WideLayer},
      {"LstmLayer, no steps",
       [](B& b, const S& s) { return Layers(b, s.k, 2, 0, false, false); }},
  };
}

}  // namespace nncpp::testing
