// tests/support/backend_cases_transformer.cc -- cases of a Transformer's rows.
#include <algorithm>
#include <memory>

#include "tests/support/case_numbers.h"

namespace nncpp::testing {
namespace {

Result Norms(Backend& b, const CaseSize& s) {
  const HeldMatrix x = Numbers(b, s.rows, s.n, 51),
                   gain = Numbers(b, 1, s.n, 52), bias = Numbers(b, 1, s.n, 56);
  const HeldMatrix normed(b, s.rows, s.n), rms(b, s.rows, 1), y(b, s.rows, s.n);
  b.RmsNormForward({x, gain, bias, normed, rms, y});
  const HeldMatrix dy = Numbers(b, s.rows, s.n, 53), dx(b, s.rows, s.n);
  b.RmsNormBackward(dy, gain, normed, rms, dx);
  const HeldMatrix copy(b, s.rows, s.n + kBeside);
  b.Copy(dx, copy.view().Columns(1, s.n));
  Result result = BitsOf(normed, rms, y, dx, copy);
  b.RmsNormForward({x, gain, {}, normed, rms, x});
  Append(x, result);
  return result;
}

// Products of x, of its norm and of its gated unit, with all that follows.
Result Linears(Backend& b, const CaseSize& s) {
  const auto weights = b.NewWeights(s.n, s.k);
  b.QuantizeWeights(Numbers(b, s.n, s.k, 2), *weights);
  const HeldMatrix bias = Numbers(b, 1, s.n, 57);
  const HeldMatrix x = Numbers(b, s.rows, s.k, 51),
                   gain = Numbers(b, 1, s.k, 52),
                   shift = Numbers(b, 1, s.k, 58);
  const HeldMatrix out = Numbers(b, s.rows, s.n + kBeside, 59);
  const Matrix y = out.view().Columns(2, s.n);
  Result result;
  for (const bool add : {false, true}) {
    const Linear linear = {*weights, add ? bias.view() : Matrix(), y, add};
    b.LinearForward(x, linear);
    Append(out, result);
    const HeldMatrix normed(b, s.rows, s.k), rms(b, s.rows, 1),
        norm(b, s.rows, s.k);
    b.NormLinearForward(
        {x, gain, add ? Matrix() : shift.view(), normed, rms, norm}, linear);
    for (const HeldMatrix& m : {out, normed, rms, norm}) Append(m, result);
    const HeldMatrix u = Numbers(b, s.rows, 2 * s.k, 54, 1e4f),
                     up_bias = Numbers(b, 1, 2 * s.k, 60),
                     gated(b, s.rows, s.k), du(b, s.rows, 2 * s.k);
    b.GateLinearForward({u, add ? up_bias.view() : Matrix(), gated}, linear);
    b.GateBackward(u, Numbers(b, s.rows, s.k, 55), du);
    for (const HeldMatrix& m : {out, u, gated, du}) Append(m, result);
  }
  return result;
}

struct AttentionSize {
  int64_t streams, steps, size, window;
};

// Two heads; in two calls forwards, and once more after the memory has moved.
Result AttendSized(Backend& b, const AttentionSize& s) {
  const int64_t streams = s.streams, steps = s.steps, size = s.size;
  const int64_t window = s.window, heads = 2;
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
  const HeldMatrix places = Numbers(b, heads * window, size, 69),
                   dplaces(b, heads * window, size),
                   bias = Numbers(b, 1, heads * window, 70);
  const auto vectors = b.NewPositionVectors(heads, size, window);
  b.QuantizePositionVectors(places, *vectors);
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
  AttentionGradient gradient = {.attention = part(0, steps),
                                .noise = {66, 67, 68},
                                .dout = dout,
                                .drelative = dscores,
                                .dquery = dquery,
                                .dkey = dkey,
                                .dvalue = dvalue};
  b.AttentionBackward(gradient, *memory);
  Result result = BitsOf(weights, out, dscores, dquery, dkey, dvalue);
  const int64_t moved = std::min<int64_t>(2, positions - 1);
  b.MoveKeyValues(moved, *memory);
  b.QuantizeKeyValues(key.view().Rows(0, moved * streams),
                      value.view().Rows(0, moved * streams), streams,
                      positions - moved, *memory);
  gradient.noise = {71, 72, 73};
  gradient.vector_noise = {74, 75, 76};
  gradient.dvectors = dplaces;
  gradient.attention.relative = bias;
  gradient.attention.vectors = vectors.get();
  b.AttentionForward(gradient.attention, *memory);
  b.AttentionBackward(gradient, *memory);
  for (const HeldMatrix& m :
       {weights, out, dscores, dquery, dkey, dvalue, dplaces}) {
    Append(m, result);
  }
  return result;
}

// Up to 3 streams, whose window is longer than the segment, or shorter.
Result Attend(Backend& b, const CaseSize& s) {
  const int64_t streams = std::min<int64_t>(s.rows, 3);
  return AttendSized(b,
                     {streams, std::min<int64_t>(s.rows / streams, 64),
                      std::min<int64_t>(s.k, 128), s.v < 30 ? s.v : s.v / 2});
}

// More than one tile of steps, of which the last is not full; and a window so
// long that fewer steps share a block. Once, with the first size.
Result AttendInTiles(Backend& b, const CaseSize& s) {
  if (Text(s) != Text(OddSizes().front())) return {};
  Result result = AttendSized(b, {1, 37, 70, 9});
  const Result more = AttendSized(b, {1, 20, 5, 2500});
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

}  // namespace

std::vector<BackendCase> TransformerCases() {
  return {
      {"RmsNorm, Copy", Norms},
      {"Linear, Gate", Linears},
      {"Attention", Attend},
      {"Attention, in tiles", AttendInTiles},
  };
}

}  // namespace nncpp::testing
