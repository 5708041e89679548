// kernels/cuda/store_sums.h -- from a warpgroup's sums to rows of a result.
#pragma once

#include "kernels/cuda/device.h"
#include "kernels/cuda/product.h"

namespace nncpp::cuda {

// A warp's sums on their way from fragments to rows: 16 rows of as many columns
// as there are lanes. Rows lie 40 floats apart, so that neither the pairs that
// are written together nor the fours that are read meet a bank twice.
inline constexpr int kWarpRows = 16;
struct alignas(16) SumRows {
  float sum[kWarpRows][kLanes + 8];
};

// One of the results of a batch.
struct ProductTile {
  int i, j, batch;  // its first row of a, and of b
};

struct alignas(8) Two {
  float value[2];
};

// Four neighbours in a row, of which `count` are there. Those that are not are
// -0, which changes nothing when it is added.
struct alignas(16) Four {
  float value[4] = {-0.0f, -0.0f, -0.0f, -0.0f};
};
__device__ __forceinline__ Four ReadFour(const float* at, int count) {
  Four result;
  NNCPP_UNROLL
  for (int e = 0; e < 4; ++e) {
    if (e < count) result.value[e] = at[e];
  }
  return result;
}
__device__ __forceinline__ void WriteFour(const Four& four, int count,
                                          float* at) {
  NNCPP_UNROLL
  for (int e = 0; e < 4; ++e) {
    if (e < count) at[e] = four.value[e];
  }
}

// How a warp stores its 16 rows of a tile: in parts of 32 columns, which shared
// memory turns from fragments into rows. A lane stores four neighbours of each
// fourth row, so that 8 lanes store a row's 128 bytes.
template <int kCols>
class StoreSums {
  static constexpr int kParts = kCols / kLanes;
  static constexpr int kSums = kParts * kWarpRows;  // of a lane

 public:
  // From row `first_i` of a on; begins to read the scales.
  __device__ __forceinline__ StoreSums(Operand a, Operand b, const Results& c,
                                       const ProductTile& tile, int64_t first_i)
      : c_(c), columns_(b.rows - (tile.j + col_)) {
    MoveTo(tile.batch, a);
    MoveTo(tile.batch, b);
    const int64_t i = first_i + lane_ / 8;
    rows_ = a.rows - i;
    float* const out = c.first.data + c.batch.Offset(tile.batch);
    at_ = out + i * c.first.stride + tile.j + col_;
    bias_ = c.bias == nullptr ? nullptr : c.bias + tile.j + col_;
    inside_ = reinterpret_cast<uintptr_t>(out) % sizeof(Four) == 0 &&
              c.first.stride % 4 == 0 && first_i + kWarpRows <= a.rows &&
              tile.j + kCols <= b.rows;
    NNCPP_UNROLL
    for (int turn = 0; turn < kTurns; ++turn) {
      of_row_[turn] = Has(turn) ? ScaleOf(a, i + turn * kStep) : 0.0f;
    }
    NNCPP_UNROLL
    for (int part = 0; part < kParts; ++part) {
      NNCPP_UNROLL
      for (int e = 0; e < 4; ++e) {
        const int64_t j = tile.j + part * kLanes + col_ + e;
        of_col_[part].value[e] = e < Count(part) ? ScaleOf(b, j) : 0.0f;
      }
    }
  }

  __device__ __forceinline__ void All(const float (&sum)[kSums],
                                      SumRows& rows) const {
    if (!inside_) {
      AllParts<false, true>(sum, rows);
    } else if (c_.add || bias_ != nullptr) {
      AllParts<true, true>(sum, rows);
    } else {
      AllParts<true, false>(sum, rows);
    }
  }

 private:
  static constexpr int kTurns = 4, kStep = kWarpRows / kTurns;

  // What Results add to a part.
  struct Addends {
    Four bias, before[kTurns];
  };

  __device__ __forceinline__ bool Has(int turn) const {
    return turn * kStep < rows_;
  }
  __device__ __forceinline__ int Count(int part) const {
    const int64_t left = columns_ - part * kLanes;
    return left < 4 ? static_cast<int>(left) : 4;
  }
  __device__ __forceinline__ float* At(int part, int turn) const {
    return at_ + turn * kStep * c_.first.stride + part * kLanes;
  }

  // kInside: the tile has all its rows and columns, each four lies so that it
  // can move in one piece. kAdds: there is something to add.
  template <bool kInside, bool kAdds>
  __device__ __forceinline__ void AllParts(const float (&sum)[kSums],
                                           SumRows& rows) const {
    const int g = lane_ / 4, t = lane_ % 4;
    Addends next;
    if (kAdds) next = AddendsOf<kInside>(0);
    NNCPP_UNROLL
    for (int part = 0; part < kParts; ++part) {
      const Addends addends = next;
      if (kAdds && part + 1 < kParts) {
        next = AddendsOf<kInside>(part + 1);
      }
      NNCPP_UNROLL
      for (int e = 0; e < kWarpRows; e += 2) {
        const float* pair = sum + part * kWarpRows + e;
        *reinterpret_cast<Two*>(
            &rows.sum[g + e / 2 % 2 * 8][e / 4 * 8 + 2 * t]) = {pair[0],
                                                                pair[1]};
      }
      __syncwarp();
      StorePart<kInside, kAdds>(rows, part, addends);
      __syncwarp();  // before the rows are written again
    }
  }

  template <bool kInside>
  __device__ __forceinline__ Addends AddendsOf(int part) const {
    Addends result;
    if (bias_ != nullptr) {
      result.bias = ReadFour(bias_ + part * kLanes, Count(part));
    }
    if (!c_.add) return result;
    NNCPP_UNROLL
    for (int turn = 0; turn < kTurns; ++turn) {
      const float* at = At(part, turn);
      if (kInside) {
        result.before[turn] = *reinterpret_cast<const Four*>(at);
      } else if (Has(turn)) {
        result.before[turn] = ReadFour(at, Count(part));
      }
    }
    return result;
  }

  // As Results::Store does.
  template <bool kInside, bool kAdds>
  __device__ __forceinline__ void StorePart(const SumRows& rows, int part,
                                            const Addends& addends) const {
    Four fours[kTurns];
    NNCPP_UNROLL
    for (int turn = 0; turn < kTurns; ++turn) {
      fours[turn] = *reinterpret_cast<const Four*>(
          &rows.sum[lane_ / 8 + turn * kStep][col_]);
      NNCPP_UNROLL
      for (int e = 0; e < 4; ++e) {
        fours[turn].value[e] =
            Scaled(fours[turn].value[e], of_row_[turn], of_col_[part].value[e]);
      }
    }
    if (c_.limit < kNoLimit) {
      NNCPP_UNROLL
      for (Four& four : fours) {
        NNCPP_UNROLL
        for (float& v : four.value) v = Clamp(v, -c_.limit, c_.limit);
      }
    }
    NNCPP_UNROLL
    for (int turn = 0; turn < kTurns; ++turn) {
      Four& four = fours[turn];
      NNCPP_UNROLL
      for (int e = 0; kAdds && e < 4; ++e) {
        four.value[e] = addends.before[turn].value[e] +
                        (four.value[e] + addends.bias.value[e]);
      }
      if (kInside) {
        *reinterpret_cast<Four*>(At(part, turn)) = four;
      } else if (Has(turn)) {
        WriteFour(four, Count(part), At(part, turn));
      }
    }
  }

  const Results& c_;
  const int lane_ = static_cast<int>(threadIdx.x) % kLanes;
  const int col_ = lane_ % 8 * 4;  // within a part
  int64_t rows_, columns_;         // from this lane's first to the last
  float* at_;
  const float* bias_;
  bool inside_;  // the same in all lanes
  float of_row_[kTurns];
  Four of_col_[kParts];
};

}  // namespace nncpp::cuda
