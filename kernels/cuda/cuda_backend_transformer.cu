// kernels/cuda/cuda_backend_transformer.cu -- CudaBackend's Transformer.
#include "kernels/cuda/attention.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/transformer.h"

namespace nncpp::cuda {
namespace {

class CudaKeyValues : public KeyValues {
 public:
  CudaKeyValues(Arena& arena, int64_t streams, int64_t heads, int64_t head_size,
                int64_t positions)
      : key_(arena), value_(arena) {
    rows.heads = heads;
    rows.head_size = head_size;
    rows.stride = PaddedDepth(head_size);
    rows.positions = positions;
    rows.tasks = streams * heads;
    for (auto [to, room] :
         {std::pair(&rows.key, &key_), std::pair(&rows.value, &value_)}) {
      const Operand x = room->Reserve(rows.tasks * positions, head_size);
      *to = {x.q, x.scale};
    }
  }

  KeyValueRows rows;

 private:
  OperandBuffer key_, value_;
};

const KeyValueRows& RowsOf(const KeyValues& memory) {
  return static_cast<const CudaKeyValues&>(memory).rows;
}

class CudaPositionVectors : public PositionVectors {
 public:
  CudaPositionVectors(Arena& arena, int64_t heads, int64_t head_size,
                      int64_t positions)
      : forward_(arena), backward_(arena), squares_(arena) {
    rows.forward = forward_.Reserve(heads * positions, head_size);
    rows.backward = backward_.Reserve(heads * head_size, positions);
    rows.backward.rows = head_size;
    rows.backward.scale = nullptr;
    rows.most_squares = squares_.Reserve<unsigned long long>(heads);
    rows.heads = heads;
    rows.positions = positions;
  }

  PositionRows rows;

 private:
  OperandBuffer forward_, backward_;
  Buffer squares_;
};

const PositionRows& RowsOf(const PositionVectors& vectors) {
  return static_cast<const CudaPositionVectors&>(vectors).rows;
}

}  // namespace

std::unique_ptr<KeyValues> CudaBackend::NewKeyValues(int64_t streams,
                                                     int64_t heads,
                                                     int64_t head_size,
                                                     int64_t positions) {
  auto memory = std::make_unique<CudaKeyValues>(arena_, streams, heads,
                                                head_size, positions);
  const int64_t count = streams * heads * positions;
  for (const HeadRows& x : {memory->rows.key, memory->rows.value}) {
    Clear(x.q, count * memory->rows.stride * int64_t{sizeof(HalfBits)});
    Clear(x.scale, count * int64_t{sizeof(float)});
  }
  return memory;
}

void CudaBackend::QuantizeKeyValues(ConstMatrix key, ConstMatrix value,
                                    int64_t streams, int64_t first,
                                    KeyValues& quantized) {
  cuda::QuantizeKeyValues(key, value, streams, first, RowsOf(quantized),
                          stream_);
}

void CudaBackend::MoveKeyValues(int64_t steps, KeyValues& quantized) {
  cuda::MoveKeyValues(steps, RowsOf(quantized), stream_);
}

std::unique_ptr<PositionVectors> CudaBackend::NewPositionVectors(
    int64_t heads, int64_t head_size, int64_t positions) {
  return std::make_unique<CudaPositionVectors>(arena_, heads, head_size,
                                               positions);
}

void CudaBackend::QuantizePositionVectors(ConstMatrix vectors,
                                          PositionVectors& quantized) {
  const PositionRows& out = RowsOf(quantized);
  QuantizeRows(vectors, out.forward, stream_);
  Operand head = out.forward;
  head.rows = out.positions;
  Transpose(head, out.backward, out.heads, out.most_squares, stream_);
}

void CudaBackend::AttentionForward(const Attention& attention,
                                   const KeyValues& memory) {
  HeadRows vectors;
  if (attention.vectors != nullptr) {
    const Operand& all = RowsOf(*attention.vectors).forward;
    vectors = {all.q, all.scale};
  }
  cuda::AttentionForward(attention, RowsOf(memory), vectors, stream_);
}

void CudaBackend::AttentionBackward(const AttentionGradient& gradient,
                                    const KeyValues& memory) {
  const Attention& a = gradient.attention;
  const int64_t tasks = a.streams * a.heads;
  const int64_t steps = a.query.rows / a.streams, size = a.query.cols / a.heads;
  ColumnRoom room = {left_.Reserve(tasks * steps, steps),
                     right_.Reserve(tasks * size, steps)};
  room.left.rows = steps;
  room.right.rows = size;
  cuda::AttentionBackward(gradient, OnDevice(gradient.noise), RowsOf(memory),
                          room, processor_, stream_);
  if (a.vectors == nullptr) return;
  const PositionRows& vectors = RowsOf(*a.vectors);
  const int64_t rows = a.query.rows, p = vectors.positions;
  VectorRoom rooms = {.rows = rows_.Reserve(a.heads * rows, p),
                      .left = left_.Reserve(a.heads * p, rows),
                      .right = right_.Reserve(a.heads * size, rows)};
  rooms.rows.rows = rows;
  rooms.left.rows = p;
  rooms.right.rows = size;
  cuda::VectorsBackward(gradient, OnDevice(gradient.vector_noise), vectors,
                        rooms, processor_, stream_);
}

void CudaBackend::Copy(ConstMatrix x, Matrix y) { cuda::Copy(x, y, stream_); }

void CudaBackend::RmsNormForward(const RmsNorm& norm) {
  cuda::RmsNormForward(norm, nullptr, stream_);
}

void CudaBackend::RmsNormBackward(ConstMatrix dy, ConstMatrix gain,
                                  ConstMatrix normed, ConstMatrix inverse_rms,
                                  Matrix dx) {
  cuda::RmsNormBackward(dy, gain, normed, inverse_rms, dx, stream_);
}

void CudaBackend::GateBackward(ConstMatrix u, ConstMatrix dy, Matrix du) {
  cuda::GateBackward(u, dy, du, stream_);
}

}  // namespace nncpp::cuda
