// tests/kernels/cpu_backend_test.cc -- every operation, threads and batches.
#include "kernels/cpu/cpu_backend.h"

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/make_backend.h"
#include "tests/support/errors.h"
#include "tests/support/held_matrix.h"
#include "tests/support/numbers.h"

namespace nncpp {
namespace {

using ::nncpp::cpu::CpuBackend;
using ::nncpp::testing::Bits;
using ::nncpp::testing::HeldMatrix;
using ::nncpp::testing::RandomFloats;

using Result = std::vector<uint32_t>;

void Append(const std::vector<float>& x, Result& result) {
  for (const uint32_t bits : Bits(x)) result.push_back(bits);
}

HeldMatrix Random(Backend& b, int64_t rows, int64_t cols, uint64_t seed,
                  float range = 1.0f) {
  return {b, rows, cols, RandomFloats(rows * cols, seed, range)};
}

std::vector<int32_t> Symbols(int64_t count, int32_t alphabet) {
  std::vector<int32_t> symbols;
  for (int64_t i = 0; i < count; ++i) {
    symbols.push_back(static_cast<int32_t>(i * i % 101) % alphabet);
  }
  return symbols;
}

// Sizes that are shared out among threads, and fit no vector.
constexpr int64_t kRows = 41, kN = 147, kK = 133, kV = 300;

std::unique_ptr<Weights> RandomWeights(Backend& b, int64_t n, int64_t k) {
  std::unique_ptr<Weights> weights = b.NewWeights(n, k);
  b.QuantizeWeights(Random(b, n, k, 1), *weights);
  return weights;
}

Result ProductForward(Backend& b, int64_t first, int64_t rows) {
  const auto weights = RandomWeights(b, kN, kK);
  const HeldMatrix x = Random(b, kRows, kK, 2), y(b, rows, kN);
  b.ProductForward(x.view().Rows(first, rows), *weights, y);
  return Bits(y.Values());
}

Result ProductBackward(Backend& b, int64_t first, int64_t rows) {
  const auto weights = RandomWeights(b, kN, kK);
  const HeldMatrix dy = Random(b, kRows, kN, 3, 1e-3f), dx(b, rows, kK);
  b.ProductBackward(dy.view().Rows(first, rows), *weights, {1, 2, 3}, first,
                    dx);
  return Bits(dx.Values());
}

Result ProductGradient(Backend& b) {
  const HeldMatrix dy = Random(b, kRows, kN, 4, 1e-3f);
  const HeldMatrix x = Random(b, kRows, kK, 5), dw(b, kN, kK);
  b.ProductGradient(dy, x, {1, 2, 3}, dw);
  return Bits(dw.Values());
}

// Forwards and backwards over rows [first, first + rows).
Result LstmCellBothWays(Backend& b, int64_t first, int64_t rows) {
  const int64_t c = kK;
  const auto part = [&](int64_t cols, uint64_t seed) {
    const std::vector<float> all = RandomFloats(kRows * cols, seed);
    return HeldMatrix(
        b, rows, cols,
        {all.begin() + first * cols, all.begin() + (first + rows) * cols});
  };
  const HeldMatrix below = part(3 * c, 6), recurrent = part(3 * c, 7),
                   before = part(c, 8), table = Random(b, 11, 3 * c, 9),
                   gain = Random(b, 1, 3 * c, 10),
                   bias = Random(b, 1, 3 * c, 11), normed(b, rows, 3 * c),
                   rms(b, rows, 3), gates(b, rows, 3 * c), after(b, rows, c),
                   h(b, rows, c);
  const LstmCell cell = {below,  recurrent, table, gain,  bias, before,
                         normed, rms,       gates, after, h};
  std::vector<int32_t> symbols = Symbols(kRows, 11);
  b.LstmCellForward(cell, {symbols.data() + first, 1, rows});
  const HeldMatrix above = part(c, 12), next = part(c, 13), dc = part(c, 14),
                   dnormed(b, rows, 3 * c), dsum(b, rows, 3 * c);
  b.LstmCellBackward({cell, above, next, dc, dnormed, dsum});
  Result result;
  for (const HeldMatrix& m :
       {normed, rms, gates, after, h, dc, dnormed, dsum}) {
    Append(m.Values(), result);
  }
  return result;
}

Result Sums(Backend& b) {
  const HeldMatrix x = Random(b, kRows, 3 * kN, 15);
  const HeldMatrix y = Random(b, kRows, 3 * kN, 16);
  const HeldMatrix sum(b, 1, 3 * kN), products(b, 1, 3 * kN);
  const HeldMatrix table = Random(b, 20, 3 * kN, 17);
  b.SumRows(x, sum);
  b.SumRowProducts(x, y, products);
  b.EmbeddingGradient(x, {Symbols(kRows, 20).data(), 1, kRows}, table);
  Result result;
  for (const HeldMatrix& m : {sum, products, table}) {
    Append(m.Values(), result);
  }
  return result;
}

Result Softmax(Backend& b, int64_t first, int64_t rows) {
  const HeldMatrix logits = Random(b, kRows, kV, 18, 9.0f);
  const HeldMatrix dlogits(b, rows, kV);
  const auto f = b.NewFrequencies(rows, kV);
  b.SoftmaxFrequencies(logits.view().Rows(first, rows), 0, *f);
  std::vector<int32_t> targets = Symbols(kRows, kV);
  targets[3] = -1;
  b.SoftmaxBackward(*f, {targets.data() + first, 1, rows}, dlogits);
  std::vector<uint64_t> words;
  for (int64_t r = 0; r < rows; ++r) {
    words.insert(words.end(), f->At(r).begin(), f->At(r).end());
  }
  for (int64_t r = 0; r < rows; ++r) words.push_back(f->TotalAt(r));
  Result result;
  for (const uint64_t word : words) {
    result.push_back(static_cast<uint32_t>(word));
    result.push_back(static_cast<uint32_t>(word >> 32));
  }
  // Kept apart, so that rows of results are rows of the batch's.
  Append(dlogits.Values(), result);
  return result;
}

Result Additions(Backend& b) {
  const HeldMatrix x = Random(b, kRows, 3 * kN, 19);
  const HeldMatrix y = Random(b, kRows, 3 * kN, 20);
  b.Add(y, x);
  const std::vector<SparseElement> elements = {
      {0, 0, 1.0f}, {40, 440, 0.1f}, {40, 440, 1e-9f}, {7, 3, -2.0f}};
  b.AddElements(elements, x);
  std::vector<float> gathered(elements.size());
  b.Gather(x, elements, gathered);
  Result result = Bits(x.Values());
  Append(gathered, result);
  return result;
}

Result Adam(Backend& b) {
  const HeldMatrix gradient = Random(b, kRows, 3 * kN, 22);
  const HeldMatrix weight = Random(b, kRows, 3 * kN, 23);
  const HeldMatrix second(b, kRows, 3 * kN);
  const AdamStep step = {1e-3f, 0.999f, 1000.0f, 1e-8f, 1.0f};
  b.Adam(step, gradient, weight, second);
  const std::vector<int32_t> rows = {0, 3, 17, 40, 39, 21, 22, 23, 24, 25};
  const std::vector<float> corrections(rows.size(), 500.0f);
  b.AdamRows(step, rows, corrections, gradient, weight, second);
  Result result = Bits(weight.Values());
  Append(second.Values(), result);
  return result;
}

struct Operation {
  std::string name;
  std::function<Result(Backend&)> run;
};

std::vector<Operation> Operations() {
  return {
      {"ProductForward",
       [](Backend& b) { return ProductForward(b, 0, kRows); }},
      {"ProductForward, few rows",
       [](Backend& b) { return ProductForward(b, 0, 3); }},
      {"ProductBackward",
       [](Backend& b) { return ProductBackward(b, 0, kRows); }},
      {"ProductGradient", ProductGradient},
      {"LstmCell", [](Backend& b) { return LstmCellBothWays(b, 0, kRows); }},
      {"Sums", Sums},
      {"Softmax", [](Backend& b) { return Softmax(b, 0, kRows); }},
      {"Additions", Additions},
      {"Adam", Adam},
  };
}

TEST(CpuBackend, GivesTheSameBitsInEveryFormAndForEveryNumberOfThreads) {
  for (const Operation& operation : Operations()) {
    CpuBackend plain(cpu::AvailableForms()[0], 1);
    const Result expected = operation.run(plain);
    for (const cpu::Form& form : cpu::AvailableForms()) {
      for (const int threads : {1, 2, 3, 7}) {
        CpuBackend backend(form, threads);
        EXPECT_TRUE(operation.run(backend) == expected)
            << operation.name << " differs: " << form.name << ", " << threads
            << " threads";
      }
    }
  }
}

// The part of `whole` (kRows rows) that belongs to `row`; results of several
// matrices stand one after the other.
bool RowsAgree(const Result& alone, const Result& whole, int64_t row,
               const std::vector<int64_t>& widths) {
  size_t at_alone = 0, at_whole = 0;
  for (const int64_t w : widths) {
    const auto width = static_cast<size_t>(w);
    for (size_t i = 0; i < width; ++i) {
      if (alone[at_alone + i] !=
          whole[at_whole + static_cast<size_t>(row) * width + i]) {
        return false;
      }
    }
    at_alone += width;
    at_whole += width * static_cast<size_t>(kRows);
  }
  return at_alone == alone.size() && at_whole == whole.size();
}

TEST(CpuBackend, GivesARowTheSameBitsInEveryBatch) {
  CpuBackend b(cpu::AvailableForms().back(), 2);
  const Result forward = ProductForward(b, 0, kRows);
  const Result backward = ProductBackward(b, 0, kRows);
  const Result cells = LstmCellBothWays(b, 0, kRows);
  const Result softmax = Softmax(b, 0, kRows);
  for (const int64_t row : {0, 1, 3, 7, 19, 40}) {
    EXPECT_TRUE(RowsAgree(ProductForward(b, row, 1), forward, row, {kN}));
    EXPECT_TRUE(RowsAgree(ProductBackward(b, row, 1), backward, row, {kK}));
    EXPECT_TRUE(RowsAgree(LstmCellBothWays(b, row, 1), cells, row,
                          {3 * kK, 3, 3 * kK, kK, kK, kK, 3 * kK, 3 * kK}));
    EXPECT_TRUE(RowsAgree(Softmax(b, row, 1), softmax, row, {2 * kV, 2, kV}));
  }
}

TEST(CpuBackend, DoesNothingOnZeroRows) {
  CpuBackend b(cpu::AvailableForms().back(), 3);
  EXPECT_TRUE(ProductForward(b, 0, 0).empty());
  EXPECT_TRUE(ProductBackward(b, 0, 0).empty());
  EXPECT_TRUE(LstmCellBothWays(b, 0, 0).empty());
  EXPECT_TRUE(Softmax(b, 0, 0).empty());
}

TEST(SoftmaxBackward, IsZeroPastTheEndOfAStream) {
  CpuBackend b(cpu::AvailableForms().back(), 1);
  const Result all = Softmax(b, 0, 4);
  const std::vector<uint32_t> last(all.end() - kV, all.end());
  EXPECT_EQ(last, std::vector<uint32_t>(static_cast<size_t>(kV), 0u));
}

TEST(EmbeddingGradient, LeavesTheRowsOfOtherSymbolsAlone) {
  CpuBackend b(cpu::AvailableForms().back(), 2);
  const HeldMatrix dx(b, 3, 2, {1, 2, 3, 4, 5, 6});
  const HeldMatrix table(b, 4, 2, {9, 9, 9, 9, 9, 9, 9, 9});
  const std::vector<int32_t> symbols = {2, 0, 2};
  b.EmbeddingGradient(dx, {symbols.data(), 1, 3}, table);
  EXPECT_EQ(table.Values(), (std::vector<float>{3, 4, 9, 9, 6, 8, 9, 9}));
}

TEST(CpuBackend, RunsTheFormThatTheEnvironmentNames) {
  const char* before = std::getenv("NNCPP_CPU");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("NNCPP_CPU", "scalar", 1);
  EXPECT_EQ(MakeCpuBackend(1)->Name(), "scalar");
  ::setenv("NNCPP_CPU", "abacus", 1);
  ExpectError(ErrorKind::kUsage, "'abacus'", [] { MakeCpuBackend(1); });
  ::setenv("NNCPP_CPU", kept.c_str(), 1);
}

}  // namespace
}  // namespace nncpp
