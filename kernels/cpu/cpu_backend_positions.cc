// kernels/cpu/cpu_backend_positions.cc -- CpuBackend's vectors of places.
//
// Each head's are weights of their own, and meet the head's columns of the
// query in ordinary products.
#include <memory>
#include <vector>

#include "kernels/cpu/cpu_backend.h"

namespace nncpp::cpu {
namespace {

struct CpuPositionVectors : public PositionVectors {
  int64_t positions = 0, head_size = 0;
  std::vector<std::unique_ptr<Weights>> heads;
};

const CpuPositionVectors& Cast(const PositionVectors& vectors) {
  return static_cast<const CpuPositionVectors&>(vectors);
}

}  // namespace

std::unique_ptr<PositionVectors> CpuBackend::NewPositionVectors(
    int64_t heads, int64_t head_size, int64_t positions) {
  auto vectors = std::make_unique<CpuPositionVectors>();
  vectors->positions = positions;
  vectors->head_size = head_size;
  for (int64_t h = 0; h < heads; ++h) {
    vectors->heads.push_back(NewWeights(positions, head_size));
  }
  return vectors;
}

void CpuBackend::QuantizePositionVectors(ConstMatrix vectors,
                                         PositionVectors& quantized) {
  auto& out = static_cast<CpuPositionVectors&>(quantized);
  for (int64_t h = 0; h < std::ssize(out.heads); ++h) {
    QuantizeWeights(vectors.Rows(h * out.positions, out.positions),
                    *out.heads[static_cast<size_t>(h)]);
  }
}

Attention CpuBackend::Placed(const Attention& attention) {
  if (attention.vectors == nullptr) return attention;
  const CpuPositionVectors& vectors = Cast(*attention.vectors);
  const int64_t rows = attention.query.rows, p = vectors.positions;
  relative_.Reserve(rows * attention.heads * p);
  const Matrix relative(relative_.data(), rows, attention.heads * p);
  for (int64_t h = 0; h < attention.heads; ++h) {
    ProductForward(
        attention.query.Columns(h * vectors.head_size, vectors.head_size),
        *vectors.heads[static_cast<size_t>(h)], relative.Columns(h * p, p));
  }
  if (attention.relative.rows == 1) {
    AddBias(attention.relative, relative);
  } else {
    Add(attention.relative, relative);
  }
  Attention placed = attention;
  placed.relative = relative;
  placed.vectors = nullptr;
  return placed;
}

void CpuBackend::VectorsBackward(const AttentionGradient& g) {
  const Attention& a = g.attention;
  if (a.vectors == nullptr) return;
  const CpuPositionVectors& vectors = Cast(*a.vectors);
  const int64_t p = vectors.positions, size = vectors.head_size;
  dquery_.Reserve(a.query.rows * a.query.cols);
  const Matrix dquery(dquery_.data(), a.query.rows, a.query.cols);
  for (int64_t h = 0; h < a.heads; ++h) {
    NoiseKey noise = g.vector_noise;
    noise.tensor += static_cast<uint32_t>(h) << 16;
    const ConstMatrix dscores = g.drelative.Columns(h * p, p);
    ProductBackward(dscores, *vectors.heads[static_cast<size_t>(h)], noise, 0,
                    dquery.Columns(h * size, size));
    noise.tensor += 1;
    ProductGradient(dscores, a.query.Columns(h * size, size), noise,
                    g.dvectors.Rows(h * p, p));
  }
  Add(dquery, g.dquery);
}

}  // namespace nncpp::cpu
