// src/codec/step.cc -- contract: src/codec/step.h
#include "src/codec/step.h"

#include <algorithm>

#include "src/base/check.h"
#include "src/base/error.h"
#include "src/codec/segment_encoder.h"
#include "src/codec/symbol_coder.h"
#include "src/coder/range_coder.h"

namespace nncpp {
namespace {

// Where the streams of a block lie.
struct Layout {
  Layout(int64_t symbols, int64_t stream_count)
      : streams(stream_count),
        whole(symbols / stream_count),
        longer(symbols % stream_count) {}

  int64_t streams;
  int64_t whole;   // symbols of the shorter streams
  int64_t longer;  // streams that hold one more

  int64_t steps() const { return whole + (longer > 0 ? 1 : 0); }
  int64_t Length(int64_t b) const { return whole + (b < longer ? 1 : 0); }
  // The symbol of stream b at step t, or -1 past the stream's end.
  int64_t At(int64_t t, int64_t b) const {
    return t < Length(b) ? b * whole + std::min(b, longer) + t : -1;
  }
};

// The mixing of contexts, where there is one, learns where the streams lie.
void StartBlock(const Layout& layout, Model& model) {
  model.StartBlock(layout.streams);
  if (ContextMixer* mixer = model.Mixer()) {
    std::vector<int64_t> lengths;
    for (int64_t b = 0; b < layout.streams; ++b) {
      lengths.push_back(layout.Length(b));
    }
    mixer->StartBlock(lengths);
  }
}

// Decodes the segment that begins at step `first` of the block into targets,
// and codes it again.
void DecodeSegment(const Layout& layout, int64_t first, Model& model,
                   BlockCursor& cursor, std::span<int32_t> targets) {
  const int64_t streams = layout.streams;
  ContextMixer* mixer = model.Mixer();
  if (mixer == nullptr) {
    std::vector<int64_t> counts;
    for (int64_t b = 0; b < streams; ++b) {
      counts.push_back(std::clamp(layout.Length(b) - first, int64_t{0},
                                  std::ssize(targets) / streams));
    }
    model.Decode(counts, cursor.decoders, targets);
    model.Encode(targets, cursor.encoders);
    return;
  }
  SymbolCoder coder(*mixer);
  for (int64_t row = 0; row < std::ssize(targets); ++row) {
    const int64_t t = row / streams, b = row % streams;
    if (b == 0) model.Predict(t, 1, targets);
    if (layout.At(first + t, b) < 0) continue;
    const auto stream = static_cast<size_t>(b);
    targets[static_cast<size_t>(row)] =
        coder.Decode(model.FrequenciesAt(row), b, cursor.decoders[stream],
                     cursor.encoders[stream]);
  }
}

int64_t CodedBytes(const BlockCursor& cursor) {
  int64_t bytes = 0;
  for (const RangeEncoder& encoder : cursor.encoders) bytes += encoder.bytes();
  return bytes;
}

}  // namespace

int64_t StreamsOfBlock(const ModelConfig& config, int64_t symbols) {
  return std::clamp(symbols / config.stream_symbols, int64_t{1},
                    config.streams);
}

int64_t SymbolsDone(const ModelConfig& config, int64_t symbols,
                    const BlockCursor& cursor) {
  return std::min(symbols, cursor.step * StreamsOfBlock(config, symbols));
}

void WriteCursor(const BlockCursor& cursor, ByteWriter& out) {
  out.Varint(static_cast<uint64_t>(cursor.step));
  for (const RangeEncoder& encoder : cursor.encoders) encoder.WriteState(out);
  for (const RangeDecoder& decoder : cursor.decoders) decoder.WriteState(out);
}

BlockCursor ReadCursor(const ModelConfig& config, int64_t symbols,
                       std::span<const std::span<const uint8_t>> streams,
                       ByteReader& in) {
  const Layout layout(symbols, StreamsOfBlock(config, symbols));
  BlockCursor cursor;
  const uint64_t step = in.Varint();
  // Between two segments, or after the last one.
  if (step == 0 || step > static_cast<uint64_t>(layout.steps()) ||
      (step % static_cast<uint64_t>(config.steps) != 0 &&
       step != static_cast<uint64_t>(layout.steps()))) {
    throw Error(ErrorKind::kFormat, "no segment ends at the cursor");
  }
  cursor.step = static_cast<int64_t>(step);
  cursor.encoders.resize(static_cast<size_t>(layout.streams));
  for (RangeEncoder& encoder : cursor.encoders) encoder.ReadState(in);
  cursor.decoders = {streams.begin(), streams.end()};
  for (RangeDecoder& decoder : cursor.decoders) decoder.ReadState(in);
  return cursor;
}

std::vector<std::vector<uint8_t>> EncodeBlock(const ModelConfig& config,
                                              std::span<const uint16_t> block,
                                              Model& model, BlockCursor& cursor,
                                              const SegmentDone& done) {
  const int64_t symbols = std::ssize(block);
  const Layout layout(symbols, StreamsOfBlock(config, symbols));
  const int64_t streams = layout.streams;
  std::vector<RangeEncoder>& encoders = cursor.encoders;
  if (cursor.step == 0) {
    encoders.resize(static_cast<size_t>(streams));
    StartBlock(layout, model);
  }
  SegmentEncoder encoder(model, encoders);
  // A segment that was learnt: its coding may still be under way.
  const auto finish = [&](int64_t end) {
    encoder.Wait();
    cursor.step = end;
    done(SymbolsDone(config, symbols, cursor), CodedBytes(cursor));
  };
  std::vector<int32_t> targets;
  const int64_t begin = cursor.step;
  for (int64_t first = begin; first < layout.steps(); first += config.steps) {
    const int64_t steps = std::min(config.steps, layout.steps() - first);
    targets.clear();
    for (int64_t t = first; t < first + steps; ++t) {
      for (int64_t b = 0; b < streams; ++b) {
        const int64_t at = layout.At(t, b);
        targets.push_back(at < 0 ? -1 : block[static_cast<size_t>(at)]);
      }
    }
    model.Predict(0, steps, targets);
    if (first > begin) finish(first);
    encoder.Start(targets);
    model.Train(steps, targets);
  }
  if (begin < layout.steps()) finish(layout.steps());
  std::vector<std::vector<uint8_t>> bytes;
  for (RangeEncoder& encoder : encoders) bytes.push_back(encoder.Finish());
  return bytes;
}

void DecodeBlock(const ModelConfig& config,
                 std::span<const std::span<const uint8_t>> streams,
                 std::span<uint16_t> block, Model& model, BlockCursor& cursor,
                 const SegmentDone& done) {
  const int64_t symbols = std::ssize(block);
  const Layout layout(symbols, StreamsOfBlock(config, symbols));
  NNCPP_CHECK(std::ssize(streams) == layout.streams);
  std::vector<int32_t> targets;
  if (cursor.step == 0) {
    cursor.decoders = {streams.begin(), streams.end()};
    cursor.encoders.resize(streams.size());
    StartBlock(layout, model);
  }
  for (int64_t first = cursor.step; first < layout.steps();
       first += config.steps) {
    const int64_t steps = std::min(config.steps, layout.steps() - first);
    targets.assign(static_cast<size_t>(steps * layout.streams), -1);
    DecodeSegment(layout, first, model, cursor, targets);
    for (int64_t row = 0; row < std::ssize(targets); ++row) {
      const int64_t at =
          layout.At(first + row / layout.streams, row % layout.streams);
      if (at < 0) continue;
      block[static_cast<size_t>(at)] =
          static_cast<uint16_t>(targets[static_cast<size_t>(row)]);
    }
    model.Train(steps, targets);
    cursor.step = first + steps;
    done(SymbolsDone(config, symbols, cursor), CodedBytes(cursor));
  }
  // Other bytes may decode to the same symbols; only one spelling is sound.
  for (size_t b = 0; b < streams.size(); ++b) {
    const std::vector<uint8_t> bytes = cursor.encoders[b].Finish();
    if (!std::equal(bytes.begin(), bytes.end(), streams[b].begin(),
                    streams[b].end())) {
      throw Error(ErrorKind::kFormat, "a stream is not spelt as a coder does");
    }
  }
}

}  // namespace nncpp
