// tests/support/backend_cases_transformer.cc -- cases of a Transformer's rows.
#include <algorithm>
#include <memory>

#include "tests/support/case_numbers.h"

namespace nncpp::testing {
namespace {

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

struct AttentionSize {
  int64_t streams, steps, size, window;
};

// Two heads; in two calls forwards, and once more after the memory has moved.
Result AttendSized(Backend& b, const AttentionSize& s) {
  const auto [streams, steps, size, window] = s;
  constexpr int64_t heads = 2;
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

// Up to 3 streams, whose window is longer than the segment, or shorter.
Result Attend(Backend& b, const CaseSize& s) {
  const int64_t streams = std::min<int64_t>(s.rows, 3);
  return AttendSized(b,
                     {streams, std::min<int64_t>(s.rows / streams, 64),
                      std::min<int64_t>(s.k, 128), s.v < 30 ? s.v : s.v / 2});
}

// More than one tile of steps, of which the last is not full; and a window so
// long that fewer steps share a block. Once, with one size.
Result AttendInTiles(Backend& b, const CaseSize& s) {
  if (s.rows != 17) return {};
  Result result = AttendSized(b, {1, 37, 70, 9});
  const Result more = AttendSized(b, {1, 20, 5, 2500});
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

}  // namespace

std::vector<BackendCase> TransformerCases() {
  return {
      {"RmsNorm, Copy", RmsNorm},
      {"Gate", Gate},
      {"Attention", Attend},
      {"Attention, in tiles", AttendInTiles},
  };
}

}  // namespace nncpp::testing
