// kernels/cpu/cpu_backend_attention.cc -- CpuBackend's attention.
//
// One stream and head is a task: its rows are the steps, its products those
// of product.h, over all positions that any of its rows looks at. What a row
// does not look at has weight 0.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "kernels/cpu/cpu_backend.h"

namespace nncpp::cpu {
namespace {

constexpr int64_t kNoiseBlock = 128;

class CpuKeyValues : public KeyValues {
 public:
  CpuKeyValues(int64_t streams, int64_t head_count, int64_t size,
               int64_t position_count)
      : heads(head_count),
        head_size(size),
        stride(PaddedColumns(size)),
        positions(position_count) {
    const int64_t rows = streams * heads * positions;
    key.Reserve(rows * stride);
    value.Reserve(rows * stride);
    key_scale.Reserve(rows);
    value_scale.Reserve(rows);
    tasks = streams * heads;
  }

  // Positions [first, first + count) of a stream and head.
  RowOperand Keys(int64_t task, int64_t first, int64_t count) const {
    const int64_t row = task * positions + first;
    return {key.data() + row * stride, key_scale.data() + row, count, head_size,
            stride};
  }
  RowOperand Values(int64_t task, int64_t first, int64_t count) const {
    const int64_t row = task * positions + first;
    return {value.data() + row * stride, value_scale.data() + row, count,
            head_size, stride};
  }

  int64_t heads, head_size, stride, positions, tasks;
  Buffer<int16_t> key, value;  // of stream * heads + head, position, column
  Buffer<float> key_scale, value_scale;
};

const CpuKeyValues& Cast(const KeyValues& memory) {
  return static_cast<const CpuKeyValues&>(memory);
}
CpuKeyValues& Cast(KeyValues& memory) {
  return static_cast<CpuKeyValues&>(memory);
}

// The rows of one stream and `cols` columns of a head.
template <typename T>
MatrixRef<T> Task(const MatrixRef<T>& x, int64_t streams, int64_t b, int64_t h,
                  int64_t cols) {
  return {x.data + b * x.stride + h * cols, x.rows / streams, cols,
          x.stride * streams};
}

// The noise of one stream and head: docs/numerics.md, "Attention".
NoiseKey TaskNoise(NoiseKey noise, uint32_t use, int64_t task) {
  noise.tensor += use + (static_cast<uint32_t>(task) << 16);
  return noise;
}

int64_t NoiseRoom(int64_t n) {
  return (n + kNoiseBlock - 1) / kNoiseBlock * kNoiseBlock;
}

// An attention's sizes, and room for one of its tasks.
struct Sizes {
  explicit Sizes(const Attention& a)
      : steps(a.query.rows / a.streams),
        size(a.query.cols / a.heads),
        stride(PaddedColumns(size)),
        window(a.weights.cols / a.heads),
        span(window - 1 + steps),
        span_stride(PaddedColumns(span)) {}

  void Reserve(AttentionRoom& room) const {
    const int64_t steps_stride = PaddedColumns(steps);
    const int64_t pairs = (steps + 1) / 2 * 2;
    room.scores.Reserve(steps * span);
    room.folded.Reserve(window);
    room.noise.Reserve(NoiseRoom(std::max(steps * size, window)));
    room.rows_q.Reserve(steps * stride);
    room.rows_scale.Reserve(steps);
    room.weights_q.Reserve(steps * span_stride);
    room.weights_scale.Reserve(steps);
    room.columns.Reserve(steps * steps_stride);
    room.left_q.Reserve(pairs * steps_stride);
    room.left_scale.Reserve(steps_stride);
    room.right_q.Reserve(pairs * stride);
    room.right_scale.Reserve(stride);
  }

  int64_t steps, size, stride, window;
  int64_t span;  // positions that the steps look at together
  int64_t span_stride;
};

}  // namespace

std::unique_ptr<KeyValues> CpuBackend::NewKeyValues(int64_t streams,
                                                    int64_t heads,
                                                    int64_t head_size,
                                                    int64_t positions) {
  return std::make_unique<CpuKeyValues>(streams, heads, head_size, positions);
}

void CpuBackend::QuantizeKeyValues(ConstMatrix key, ConstMatrix value,
                                   int64_t streams, int64_t first,
                                   KeyValues& quantized) {
  CpuKeyValues& out = Cast(quantized);
  const int64_t size = out.head_size;
  Share(16 * key.rows * key.cols, [&](int i, int n) {
    const Range part = PartOf(key.rows, n, i);
    for (int64_t r = part.begin; r < part.end; ++r) {
      const int64_t position = first + r / streams;
      for (int64_t h = 0; h < out.heads; ++h) {
        const int64_t row =
            (r % streams * out.heads + h) * out.positions + position;
        out.key_scale.data()[row] = form_.transformer->quantize_head(
            key.data + r * key.stride + h * size, nullptr, true, size,
            out.stride, out.key.data() + row * out.stride);
        out.value_scale.data()[row] = form_.transformer->quantize_head(
            value.data + r * value.stride + h * size, nullptr, true, size,
            out.stride, out.value.data() + row * out.stride);
      }
    }
  });
}

void CpuBackend::MoveKeyValues(int64_t steps, KeyValues& quantized) {
  CpuKeyValues& memory = Cast(quantized);
  const int64_t left = memory.positions - steps;
  for (int64_t task = 0; task < memory.tasks; ++task) {
    const int64_t row = task * memory.positions;
    for (int16_t* q : {memory.key.data(), memory.value.data()}) {
      std::memmove(q + row * memory.stride, q + (row + steps) * memory.stride,
                   static_cast<size_t>(left * memory.stride) * sizeof(*q));
    }
    for (float* s : {memory.key_scale.data(), memory.value_scale.data()}) {
      std::memmove(s + row, s + row + steps,
                   static_cast<size_t>(left) * sizeof(*s));
    }
  }
}

void CpuBackend::AttentionForward(const Attention& attention,
                                  const KeyValues& memory) {
  const Attention a = Placed(attention);
  const CpuKeyValues& kv = Cast(memory);
  const TransformerTable& ops = *form_.transformer;
  const Sizes n(a);
  for (AttentionRoom& room : attention_room_) n.Reserve(room);
  const auto run = [&](int64_t b, int64_t h, AttentionRoom& room) {
    const ConstMatrix query = Task(a.query, a.streams, b, h, n.size);
    const Matrix weights = Task(a.weights, a.streams, b, h, n.window);
    const Matrix out = Task(a.out, a.streams, b, h, n.size);
    const bool shared = a.relative.rows == 1;
    const ConstMatrix relative =
        shared ? a.relative.Columns(h * n.window, n.window)
               : Task(a.relative, a.streams, b, h, n.window);
    const int64_t task = b * a.heads + h;
    for (int64_t t = 0; t < n.steps; ++t) {
      room.rows_scale.data()[t] = ops.quantize_head(
          query.data + t * query.stride, nullptr, false, n.size, n.stride,
          room.rows_q.data() + t * n.stride);
    }
    form_.product->forward(
        {room.rows_q.data(), room.rows_scale.data(), n.steps, n.size, n.stride},
        kv.Keys(task, a.first, n.span), room.scores.data(), n.span, 0, n.span);
    const RowOperand values = kv.Values(task, a.first, n.span);
    std::fill_n(room.weights_q.data(), n.steps * n.span_stride, int16_t{0});
    for (int64_t t = 0; t < n.steps; ++t) {
      float* row = weights.data + t * weights.stride;
      ops.attend(room.scores.data() + t * n.span + t,
                 relative.data + (shared ? 0 : t * relative.stride), a.scale,
                 n.window, row);
      room.weights_scale.data()[t] = ops.quantize_weights(
          row, values.scale + t, nullptr, n.window, room.folded.data(),
          room.weights_q.data() + t * n.span_stride + t);
    }
    form_.product->backward({room.weights_q.data(), room.weights_scale.data(),
                             n.steps, n.span, n.span_stride},
                            values, out.data, out.stride, 0, n.size);
    for (int64_t t = 0; t < n.steps; ++t) {
      ops.saturate(kActivationLimit, n.size, out.data + t * out.stride);
    }
  };
  Share(2 * a.query.rows * n.span * a.query.cols, [&](int i, int threads) {
    const Range part = PartOf(a.streams * a.heads, threads, i);
    for (int64_t task = part.begin; task < part.end; ++task) {
      run(task / a.heads, task % a.heads,
          attention_room_[static_cast<size_t>(i)]);
    }
  });
}

namespace {

// One stream and head, backwards.
struct BackwardTask {
  const Form& form;
  const AttentionGradient& g;
  const CpuKeyValues& kv;
  const Sizes& n;
  AttentionRoom& room;
  int64_t b, h, task;

  template <typename T>
  MatrixRef<T> Of(const MatrixRef<T>& x) const {
    return Task(x, g.attention.streams, b, h, n.size);
  }
  NoiseKey Noise(uint32_t use) const { return TaskNoise(g.noise, use, task); }

  // drelative, from what the outputs' gradients give the weights.
  void Scores() const;
  // dquery = drelative keys
  void Query() const;
  // out = left' right, over the steps: `window` as a matrix of steps x steps.
  void Columns(ConstMatrix window, const NoiseKey* window_noise,
               ConstMatrix right, const NoiseKey* right_noise,
               Matrix out) const;
};

void BackwardTask::Scores() const {
  const TransformerTable& ops = *form.transformer;
  const Attention& a = g.attention;
  const ConstMatrix dout = Of(g.dout), out = Of(ConstMatrix(a.out));
  const Matrix weights = Task(a.weights, a.streams, b, h, n.window);
  const Matrix dscores = Task(g.drelative, a.streams, b, h, n.window);
  ops.noise(Noise(2), 0, NoiseRoom(n.steps * n.size) / kNoiseBlock,
            room.noise.data());
  for (int64_t t = 0; t < n.steps; ++t) {
    room.rows_scale.data()[t] = ops.quantize_head(
        dout.data + t * dout.stride, room.noise.data() + t * n.size, false,
        n.size, n.stride, room.rows_q.data() + t * n.stride);
  }
  form.product->forward(
      {room.rows_q.data(), room.rows_scale.data(), n.steps, n.size, n.stride},
      kv.Values(task, 0, n.span), room.scores.data(), n.span, 0, n.span);
  for (int64_t t = 0; t < n.steps; ++t) {
    const float dot =
        ops.dot(dout.data + t * dout.stride, out.data + t * out.stride, n.size);
    ops.attend_backward(weights.data + t * weights.stride,
                        room.scores.data() + t * n.span + t, dot, a.scale,
                        n.window, dscores.data + t * dscores.stride);
  }
}

void BackwardTask::Query() const {
  const TransformerTable& ops = *form.transformer;
  const Attention& a = g.attention;
  const Matrix dscores = Task(g.drelative, a.streams, b, h, n.window);
  const RowOperand keys = kv.Keys(task, 0, n.span);
  std::fill_n(room.weights_q.data(), n.steps * n.span_stride, int16_t{0});
  for (int64_t t = 0; t < n.steps; ++t) {
    ops.noise(Noise(0), static_cast<uint32_t>(t),
              NoiseRoom(n.window) / kNoiseBlock, room.noise.data());
    room.weights_scale.data()[t] =
        ops.quantize_weights(dscores.data + t * dscores.stride, keys.scale + t,
                             room.noise.data(), n.window, room.folded.data(),
                             room.weights_q.data() + t * n.span_stride + t);
  }
  const Matrix dquery = Of(g.dquery);
  form.product->backward({room.weights_q.data(), room.weights_scale.data(),
                          n.steps, n.span, n.span_stride},
                         keys, dquery.data, dquery.stride, 0, n.size);
  for (int64_t t = 0; t < n.steps; ++t) {
    ops.saturate(kGradientLimit, n.size, dquery.data + t * dquery.stride);
  }
}

void BackwardTask::Columns(ConstMatrix window, const NoiseKey* window_noise,
                           ConstMatrix right, const NoiseKey* right_noise,
                           Matrix out) const {
  const int64_t stride = PaddedColumns(n.steps);
  float* columns = room.columns.data();
  std::fill_n(columns, n.steps * stride, 0.0f);
  // Step s is at distance t - s of step t: the window's last is distance 0.
  for (int64_t t = 0; t < n.steps; ++t) {
    const int64_t count = std::min(t + 1, n.window);
    std::copy_n(window.data + t * window.stride + n.window - count, count,
                columns + t * stride + t + 1 - count);
  }
  form.ops->quantize_columns(columns, n.steps, stride, n.steps, 0, stride,
                             window_noise, stride, room.left_q.data(),
                             room.left_scale.data());
  form.ops->quantize_columns(right.data, n.steps, right.stride, n.size, 0,
                             n.stride, right_noise, n.stride,
                             room.right_q.data(), room.right_scale.data());
  form.product->gradient(
      {room.left_q.data(), room.left_scale.data(), n.steps, n.steps, stride},
      {room.right_q.data(), room.right_scale.data(), n.steps, n.size, n.stride},
      out.data, out.stride, 0, n.steps);
  for (int64_t t = 0; t < n.steps; ++t) {
    form.transformer->saturate(kGradientLimit, n.size,
                               out.data + t * out.stride);
  }
}

}  // namespace

void CpuBackend::AttentionBackward(const AttentionGradient& g,
                                   const KeyValues& memory) {
  const Attention& a = g.attention;
  const Sizes n(a);
  for (AttentionRoom& room : attention_room_) n.Reserve(room);
  Share(4 * a.query.rows * n.span * a.query.cols, [&](int i, int threads) {
    const Range part = PartOf(a.streams * a.heads, threads, i);
    for (int64_t at = part.begin; at < part.end; ++at) {
      const int64_t b = at / a.heads, h = at % a.heads;
      const BackwardTask task = {
          form_, g, Cast(memory), n, attention_room_[static_cast<size_t>(i)], b,
          h,     at};
      task.Scores();
      task.Query();
      const NoiseKey scores = task.Noise(1), dout = task.Noise(3);
      const Matrix dscores = Task(g.drelative, a.streams, b, h, n.window);
      const Matrix weights = Task(a.weights, a.streams, b, h, n.window);
      task.Columns(dscores, &scores, task.Of(a.query), nullptr,
                   task.Of(g.dkey));
      task.Columns(weights, nullptr, task.Of(g.dout), &dout, task.Of(g.dvalue));
    }
  });
  VectorsBackward(g);
}

}  // namespace nncpp::cpu
