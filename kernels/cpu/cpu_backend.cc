// kernels/cpu/cpu_backend.cc -- memory, products, and the choice of form.
#include "kernels/cpu/cpu_backend.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/environment.h"
#include "kernels/make_backend.h"
#include "kernels/mixing.h"
#include "src/base/check.h"
#include "src/base/error.h"
#include "src/base/huge_pages.h"

namespace nncpp {
namespace cpu {
namespace {

constexpr int64_t kLine = 64;  // bytes of a cache line

// With few rows each thread quantises all of them for itself: that is cheaper
// than waiting for one another.
constexpr int64_t kFewRows = 4;

// Columns that one call of OpsTable::quantize_columns works on at a time.
constexpr int64_t kColumnGrain = 128;

void* AllocateZeroed(int64_t bytes) {
  const int64_t rounded = (bytes + kLine - 1) / kLine * kLine;
  void* p =
      AllocateHugePages(size_t{kLine}, static_cast<size_t>(rounded + kLine));
  if (p == nullptr) {
    throw Error(ErrorKind::kMemory, "out of memory: could not get " +
                                        std::to_string(bytes) +
                                        " bytes; use a smaller model");
  }
  std::memset(p, 0, static_cast<size_t>(rounded + kLine));
  return p;
}

class CpuWeights : public Weights {
 public:
  CpuWeights(int64_t n, int64_t k)
      : rows(n), cols(k), stride(PaddedColumns(k)) {
    q.Reserve(rows * stride);
    scale.Reserve(rows);
    squares.Reserve(stride);
  }
  RowOperand Operand() const {
    return {q.data(), scale.data(), rows, cols, stride};
  }

  int64_t rows, cols, stride;
  Buffer<int16_t> q;
  Buffer<float> scale;
  Buffer<int64_t> squares;  // of the columns
  int64_t gradient_norm = kOperandNorm;
};

CpuWeights& Cast(Weights& w) { return static_cast<CpuWeights&>(w); }
const CpuWeights& Cast(const Weights& w) {
  return static_cast<const CpuWeights&>(w);
}

}  // namespace

template <typename T>
void Buffer<T>::Free::operator()(T* p) const {
  std::free(p);
}

template <typename T>
void Buffer<T>::Reserve(int64_t count) {
  if (count <= size_) return;
  data_.reset();
  size_ = 0;
  data_.reset(
      static_cast<T*>(AllocateZeroed(count * static_cast<int64_t>(sizeof(T)))));
  size_ = count;
}

template class Buffer<float>;
template class Buffer<int16_t>;
template class Buffer<int64_t>;

std::vector<Form> AvailableForms() {
  std::vector<Form> forms = {{"scalar", &kOpsScalar, &kProductScalar,
                              &kTransformerScalar, &kMixingScalar}};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) {
    forms.push_back(
        {"avx2", &kOpsAvx2, &kProductAvx2, &kTransformerAvx2, &kMixingAvx2});
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vnni")) {
      forms.push_back({"avx512", &kOpsAvx512, &kProductAvx512,
                       &kTransformerAvx512, &kMixingAvx512});
    }
  }
#endif
  return forms;
}

CpuBackend::CpuBackend(const Form& form, int threads)
    : form_(form),
      pool_(threads, RequireFloatEnvironment),
      scratch_(static_cast<size_t>(pool_.threads())),
      thread_q_(static_cast<size_t>(pool_.threads())),
      attention_room_(static_cast<size_t>(pool_.threads())) {
  RequireFloatEnvironment();
}

std::shared_ptr<float[]> CpuBackend::NewArray(int64_t count) {
  const auto bytes = count * static_cast<int64_t>(sizeof(float));
  return {static_cast<float*>(AllocateZeroed(bytes)), std::free};
}

void CpuBackend::Upload(std::span<const float> host, float* array) {
  std::copy(host.begin(), host.end(), array);
}

void CpuBackend::Download(const float* array, std::span<float> host) {
  std::copy_n(array, host.size(), host.begin());
}

std::unique_ptr<Weights> CpuBackend::NewWeights(int64_t n, int64_t k) {
  return std::make_unique<CpuWeights>(n, k);
}

void CpuBackend::QuantizeWeights(ConstMatrix w, Weights& quantized) {
  CpuWeights& out = Cast(quantized);
  Share(8 * w.rows * w.cols, [&](int i, int n) {
    const Range part = PartOf(out.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      out.scale.data()[r] =
          form_.ops->quantize_row(w.data + r * w.stride, w.cols, out.stride,
                                  out.q.data() + r * out.stride);
    }
  });
  Share(w.rows * w.cols, [&](int i, int n) {
    const Range part = PartOf(out.stride, n, i, kOperandPad);
    std::fill(out.squares.data() + part.begin, out.squares.data() + part.end,
              int64_t{0});
    form_.ops->column_squares(out.q.data(), out.rows, out.stride, part.begin,
                              part.end, out.squares.data());
  });
  const int64_t most =
      *std::max_element(out.squares.data(), out.squares.data() + out.stride);
  out.gradient_norm = GradientNorm(most);
}

void CpuBackend::ProductForward(ConstMatrix x, const Weights& w, Matrix y) {
  const CpuWeights& weights = Cast(w);
  const int64_t stride = weights.stride;
  const auto quantize = [&](Range rows, int16_t* q, float* scale) {
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      scale[r] = form_.ops->quantize_row(x.data + r * x.stride, x.cols, stride,
                                         q + r * stride);
    }
  };
  const auto multiply = [&](Range part, const int16_t* q, const float* scale) {
    form_.product->forward({q, scale, x.rows, x.cols, stride},
                           weights.Operand(), y.data, y.stride, part.begin,
                           part.end);
  };
  if (x.rows <= kFewRows) {
    for (Buffer<int16_t>& q : thread_q_) q.Reserve(kFewRows * stride);
    Share(x.rows * weights.rows * stride, [&](int i, int n) {
      Buffer<int16_t>& q = thread_q_[static_cast<size_t>(i)];
      float scale[kFewRows];
      quantize({0, x.rows}, q.data(), scale);
      multiply(PartOf(weights.rows, n, i, 16), q.data(), scale);
    });
    return;
  }
  row_q_.Reserve(x.rows * stride);
  row_scale_.Reserve(x.rows);
  Share(8 * x.rows * x.cols, [&](int i, int n) {
    quantize(PartOf(x.rows, n, i), row_q_.data(), row_scale_.data());
  });
  Share(x.rows * weights.rows * stride, [&](int i, int n) {
    multiply(PartOf(weights.rows, n, i, 16), row_q_.data(), row_scale_.data());
  });
}

void CpuBackend::ProductBackward(ConstMatrix dy, const Weights& w,
                                 const NoiseKey& noise, int64_t first_row,
                                 Matrix dx) {
  const CpuWeights& weights = Cast(w);
  const int64_t stride = PaddedColumns(dy.cols);
  const auto quantize = [&](int i, Range rows, int16_t* q, float* scale) {
    Buffer<float>& scratch = scratch_[static_cast<size_t>(i)];
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      scale[r] = form_.ops->quantize_gradient_row(
          dy.data + r * dy.stride, weights.scale.data(), dy.cols, stride,
          weights.gradient_norm, noise, static_cast<uint32_t>(first_row + r),
          scratch.data(), q + r * stride);
    }
  };
  const auto multiply = [&](Range part, const int16_t* q, const float* scale) {
    form_.product->backward({q, scale, dy.rows, dy.cols, stride},
                            weights.Operand(), dx.data, dx.stride, part.begin,
                            part.end);
  };
  for (Buffer<float>& s : scratch_) s.Reserve(2 * (dy.cols + kColumnGrain));
  row_q_.Reserve(dy.rows * stride);
  row_scale_.Reserve(dy.rows);
  Share(16 * dy.rows * dy.cols, [&](int i, int n) {
    quantize(i, PartOf(dy.rows, n, i), row_q_.data(), row_scale_.data());
  });
  Share(dy.rows * dy.cols * dx.cols, [&](int i, int n) {
    multiply(PartOf(dx.cols, n, i, kOperandPad), row_q_.data(),
             row_scale_.data());
  });
}

void CpuBackend::ProductGradient(ConstMatrix dy, ConstMatrix x,
                                 const NoiseKey& noise, Matrix dw) {
  const int64_t n_stride = PaddedColumns(dy.cols);
  const int64_t k_stride = PaddedColumns(x.cols);
  const int64_t pairs = (dy.rows + 1) / 2;
  left_q_.Reserve(pairs * 2 * n_stride);
  left_scale_.Reserve(n_stride);
  right_q_.Reserve(pairs * 2 * k_stride);
  right_scale_.Reserve(k_stride);
  Share(16 * dy.rows * (dy.cols + x.cols), [&](int i, int n) {
    const Range left = PartOf(n_stride, n, i, kColumnGrain);
    form_.ops->quantize_columns(dy.data, dy.rows, dy.stride, dy.cols,
                                left.begin, left.end, &noise, n_stride,
                                left_q_.data(), left_scale_.data());
    const Range right = PartOf(k_stride, n, i, kColumnGrain);
    form_.ops->quantize_columns(x.data, x.rows, x.stride, x.cols, right.begin,
                                right.end, nullptr, k_stride, right_q_.data(),
                                right_scale_.data());
  });
  Share(dy.rows * dy.cols * x.cols, [&](int i, int n) {
    const Range part = PartOf(dy.cols, n, i, 16);
    form_.product->gradient(
        {left_q_.data(), left_scale_.data(), dy.rows, dy.cols, n_stride},
        {right_q_.data(), right_scale_.data(), x.rows, x.cols, k_stride},
        dw.data, dw.stride, part.begin, part.end);
  });
}

}  // namespace cpu

namespace {

cpu::Form ChosenForm() {
  const std::vector<cpu::Form> forms = cpu::AvailableForms();
  const char* asked = std::getenv("NNCPP_CPU");
  if (asked == nullptr || *asked == '\0') return forms.back();
  for (const cpu::Form& form : forms) {
    if (form.name == asked) return form;
  }
  const std::string name = asked;
  if (name == "avx2" || name == "avx512") {
    throw Error(ErrorKind::kNoDevice,
                "NNCPP_CPU: this processor has no " + name +
                    "; unset the variable or ask for scalar");
  }
  throw Error(ErrorKind::kUsage,
              "NNCPP_CPU: there is no form '" + name +
                  "'; use scalar, avx2 or avx512, or unset it");
}

}  // namespace

std::unique_ptr<Backend> MakeCpuBackend(int threads) {
  return std::make_unique<cpu::CpuBackend>(ChosenForm(), threads);
}

const MixingTable& CpuMixing() { return *ChosenForm().mixing; }

std::string_view CpuForm() { return ChosenForm().name; }

}  // namespace nncpp
