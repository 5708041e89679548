// tests/support/backend_cases_net.cc -- cases of products and sums.
#include <memory>

#include "tests/support/case_numbers.h"

namespace nncpp::testing {
namespace {

std::unique_ptr<Weights> SomeWeights(Backend& b, const CaseSize& s) {
  std::unique_ptr<Weights> weights = b.NewWeights(s.n, s.k);
  // Twice: what the first left behind must not show.
  b.QuantizeWeights(Numbers(b, s.n, s.k, 1, 60.0f), *weights);
  b.QuantizeWeights(Numbers(b, s.n, s.k, 2), *weights);
  return weights;
}

Result ProductForward(Backend& b, const CaseSize& s) {
  const auto weights = SomeWeights(b, s);
  const HeldMatrix x = Numbers(b, s.rows, s.k + kBeside, 3);
  const HeldMatrix y(b, s.rows, s.n + kBeside);
  b.ProductForward(x.view().Columns(1, s.k), *weights,
                   y.view().Columns(2, s.n));
  return BitsOf(y);
}

// Sums near the limit of law 1, to which most terms add next to nothing.
Result ProductAtTheLimit(Backend& b, const CaseSize& s) {
  const auto numbers = [&](int64_t rows, uint64_t seed) -> HeldMatrix {
    std::vector<float> x = RandomFloats(rows * s.k, seed, 0x1p-9f);
    for (int64_t r = 0; r < rows; ++r) {
      for (const int64_t c : {int64_t{0}, s.k - 1}) {
        x[static_cast<size_t>(r * s.k + c)] = 1.999f;
      }
    }
    return {b, rows, s.k, x};
  };
  const auto weights = b.NewWeights(s.n, s.k);
  b.QuantizeWeights(numbers(s.n, 43), *weights);
  const HeldMatrix y(b, s.rows, s.n);
  b.ProductForward(numbers(s.rows, 44), *weights, y);
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

Result Sums(Backend& b, const CaseSize& s) {
  const HeldMatrix x = Numbers(b, s.rows, s.n, 17);
  const HeldMatrix y = Numbers(b, s.rows, s.n, 18);
  const HeldMatrix sum(b, 1, s.n), products(b, 1, s.n);
  const HeldMatrix table = Numbers(b, s.v, s.n, 19);
  b.SumRows(x, sum);
  b.SumRowProducts(x, y, products);
  b.EmbeddingGradient(x, SomeSymbols(b, s.rows, s.v), table);
  return BitsOf(sum, products, table);
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
  b.Add(y, x);
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
  b.EmbeddingForward(table, SomeSymbols(b, s.rows, s.v), y);
  return BitsOf(y);
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
  Result result = BitsOf(weight, second);
  const auto quantized = b.NewWeights(s.rows, s.n);
  b.AdamQuantize(step, gradient, weight, second, *quantized);
  const HeldMatrix x = Numbers(b, 3, s.n, 27), y(b, 3, s.rows),
                   dy = Numbers(b, 3, s.rows, 28), dx(b, 3, s.n);
  b.ProductForward(x, *quantized, y);
  b.ProductBackward(dy, *quantized, {1, 2, 3}, 0, dx);
  for (const HeldMatrix& m : {weight, second, y, dx}) Append(m, result);
  return result;
}

// Four times the same work with other numbers, as a device records it.
Result Recorded(Backend& b, const CaseSize& s) {
  const HeldMatrix x(b, s.rows, s.k), y(b, s.rows, s.n), dw(b, s.n, s.k),
      dx(b, s.rows, s.k), sum(b, 1, s.n);
  const auto weights = b.NewWeights(s.n, s.k);
  const HeldMatrix w = Numbers(b, s.n, s.k, 45);
  const auto routine = b.NewRoutine();
  Result result;
  for (uint32_t turn = 1; turn <= 4; ++turn) {
    b.Upload(RandomFloats(s.rows * s.k, 100 + turn), x.view().data);
    b.Run(*routine, turn, [&] {
      b.QuantizeWeights(w, *weights);
      b.ProductForward(x, *weights, y);
      b.Clear(y.view().Columns(0, 1));
      b.Dropout(y, {1, turn, 2}, 0, 0.5f, y);
      b.SumRows(y, sum);
      b.ProductGradient(y, x, {10, turn, 12}, dw);
      b.ProductBackward(y, *weights, {7, turn, 9}, 5, dx);
    });
    for (const HeldMatrix* m : {&y, &dw, &dx, &sum}) Append(*m, result);
  }
  return result;
}

}  // namespace

std::vector<BackendCase> NetCases() {
  return {
      {"ProductForward", ProductForward},
      {"ProductForward, at the limit", ProductAtTheLimit},
      {"ProductForward, weights not set", ProductForwardUnset},
      {"ProductBackward", ProductBackward},
      {"ProductGradient", ProductGradient},
      {"sums", Sums},
      {"Embedding", Embedding},
      {"Dropout", Dropout},
      {"additions", Additions},
      {"Adam", Adam},
      {"recorded work", Recorded},
  };
}

}  // namespace nncpp::testing
