// preproc/deflated_streams.cc -- contract: preproc/deflated_streams.h
#include "preproc/deflated_streams.h"

#include <algorithm>

#include "preproc/deflated_stream.h"
#include "preproc/png_rows.h"
#include "preproc/stream_wrapping.h"
#include "src/base/bytes.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

// Shorter ones cost more than they gain; so do short beginnings of some.
constexpr int64_t kLeastStream = 48, kLeastCut = 1024;

struct Stream {
  int64_t before = 0;  // bytes since the last stream
  int64_t size = 0;    // inflated
  Wrapping wrapping = Wrapping::kNone;
  StreamCode code;
  PngRows rows = {};  // of kPng
};

// ---- the list ---------------------------------------------------------------

// In place of the bits of a window, which are 9 to 15: so much less, and the
// shortest match follows.
constexpr int kOtherShortest = 8;
constexpr int kUsualShortest = 3;

void WriteStream(const Stream& stream, ByteWriter& out) {
  out.Varint(static_cast<uint64_t>(stream.before));
  out.Varint(static_cast<uint64_t>(stream.size));
  const ZlibSettings& s = stream.code.settings;
  const bool usual = s.shortest == kUsualShortest;
  out.U8(static_cast<uint8_t>(s.level | s.memory_level << 4));
  out.U8(static_cast<uint8_t>((s.window_bits - (usual ? 0 : kOtherShortest)) |
                              static_cast<int>(stream.wrapping) << 4 |
                              static_cast<int>(stream.code.ending) << 6));
  if (!usual) out.U8(static_cast<uint8_t>(s.shortest));
  if (stream.wrapping == Wrapping::kPng) {
    out.Varint(static_cast<uint64_t>(stream.rows.bytes));
    if (stream.rows.bytes > 0) out.U8(static_cast<uint8_t>(stream.rows.pixel));
  }
  WriteDetails(stream.code, out);
}

Stream ReadStream(ByteReader& in, StreamsForm form) {
  const uint64_t before = in.Varint(), size = in.Varint();
  const uint8_t levels = in.U8(), rest = in.U8();
  Stream stream;
  ZlibSettings& settings = stream.code.settings;
  settings = {levels & 15, levels >> 4, rest & 15, kUsualShortest};
  stream.wrapping = static_cast<Wrapping>(rest >> 4 & 3);
  stream.code.ending = static_cast<StreamEnding>(rest >> 6);
  if (form == StreamsForm::kAny && settings.window_bits < kOtherShortest) {
    settings.window_bits += kOtherShortest;
    settings.shortest = in.U8();
  }
  const auto left = static_cast<uint64_t>(in.remaining());
  if (!settings.AreSound() || before > left || size > left ||
      (form == StreamsForm::kOfZlib &&
       (stream.wrapping > Wrapping::kGzip ||
        stream.code.ending > StreamEnding::kPartial))) {
    throw NoStream();
  }
  stream.before = static_cast<int64_t>(before);
  stream.size = static_cast<int64_t>(size);
  if (form == StreamsForm::kOfZlib) return stream;
  if (stream.wrapping == Wrapping::kPng) {
    const uint64_t row = in.Varint();
    if (row > 0 && row >= size) throw NoStream();
    stream.rows.bytes = static_cast<int64_t>(row);
    if (row > 0) stream.rows.pixel = in.U8();
    if (row > 0 && !stream.rows.AreSound()) throw NoStream();
  }
  ReadDetails(in, stream.size, stream.code);
  return stream;
}

// ---- finding ----------------------------------------------------------------

class Finder {
 public:
  Finder(std::span<const uint8_t> bytes, int64_t most)
      : bytes_(bytes),
        room_(most - std::ssize(bytes) - kCount),
        work_(-(64 * std::ssize(bytes) + 2 * most)) {}

  // Once. Null: there are no streams.
  std::optional<InflatedStreams> Run();

 private:
  static constexpr int64_t kCount = 10;  // bytes of the number of streams

  // Takes the stream behind the header at `at`, if there is one that is worth
  // it. Returns where to go on.
  size_t Look(size_t at, const StreamHeader& header);
  // False: it is not worth it, or would not come back.
  bool Add(size_t begin, const StreamHeader& header, const DeflatedData& read);

  const std::span<const uint8_t> bytes_;
  StreamCoder coder_;
  ZlibTables tables_;
  uint64_t count_ = 0;  // of streams
  ByteWriter list_, body_;
  size_t copied_ = 0;  // bytes that are in the body or replaced
  int64_t room_;       // bytes that the block may become longer by
  // Bytes that only begin like streams may be read again and again: below 0.
  int64_t work_;
  int64_t replaced_ = 0;
};

std::optional<InflatedStreams> Finder::Run() {
  for (size_t at = 0; at + kLeastStream < bytes_.size() && work_ < 0;) {
    const auto rest = bytes_.subspan(at);
    const StreamHeader header = StreamHeaderOf(rest);
    const bool is_one = header.size > 0 && header.size < std::ssize(rest);
    at = is_one ? Look(at, header) : at + 1;
  }
  if (count_ == 0) return std::nullopt;
  ByteWriter out;
  out.Varint(count_);
  out.Bytes(list_.bytes());
  out.Bytes(body_.bytes());
  out.Bytes(bytes_.subspan(copied_));
  return InflatedStreams{out.Take(), replaced_};
}

size_t Finder::Look(size_t at, const StreamHeader& header) {
  const size_t begin = at + static_cast<size_t>(header.size);
  const auto behind = bytes_.subspan(begin);
  std::vector<uint8_t> joined;
  const bool chunks = header.wrapping == Wrapping::kPng;
  if (chunks) joined = OutOfChunks(bytes_.subspan(at));
  work_ += std::ssize(joined);
  const DeflatedData read =
      ReadDeflated(chunks ? joined : behind, room_ + std::ssize(bytes_), work_);
  if (read.bytes() < (read.ended ? kLeastStream : kLeastCut) ||
      std::ssize(read.blocks) > MostBlocks(std::ssize(read.data))) {
    return at + 1;
  }
  constexpr int64_t kTimes = 4;  // it is gone through again
  work_ += kTimes * std::ssize(read.data);
  if (Add(begin, header, read)) return copied_;
  return read.ended ? begin + static_cast<size_t>(read.bytes()) : at + 1;
}

bool Finder::Add(size_t begin, const StreamHeader& header,
                 const DeflatedData& read) {
  constexpr int64_t kMostListed = 16;
  const auto before = bytes_.first(begin), behind = bytes_.subspan(begin);
  Stream stream = {static_cast<int64_t>(begin - copied_), std::ssize(read.data),
                   header.wrapping,
                   coder_.Code(read, {header.window_bits, header.level})};
  std::vector<uint8_t> made;
  try {
    made = DeflateAgain(read.data, stream.code, read.bytes(), tables_);
  } catch (const Error&) {  // no stream is worth a run
    return false;
  }
  std::vector<uint8_t> wrapped;
  for (const Wrapping wrapping : {header.wrapping, Wrapping::kNone}) {
    stream.wrapping = wrapping;
    wrapped = Wrapped(wrapping, before, made, read.ended, read.data);
    if (BeginsWith(behind, wrapped)) break;
  }
  if (!BeginsWith(behind, wrapped)) return false;
  if (stream.wrapping == Wrapping::kPng) {
    stream.rows = PngRowsBehind(before, stream.size);
  }
  ByteWriter entry;
  WriteStream(stream, entry);
  const int64_t listed = std::ssize(entry.bytes());
  const int64_t more = std::ssize(read.data) + listed - std::ssize(wrapped);
  // The block never becomes shorter: the decoder relies on that.
  if (listed > kMostListed + read.bytes() * 3 / 5 || more < 0 || more > room_) {
    return false;
  }
  room_ -= more;
  ++count_;
  list_.Bytes(entry.bytes());
  body_.Bytes(bytes_.subspan(copied_, begin - copied_));
  body_.Bytes(stream.rows.bytes > 0 ? Unfiltered(read.data, stream.rows)
                                    : read.data);
  replaced_ += read.bytes();
  copied_ = begin + wrapped.size();
  return true;
}

}  // namespace

bool InflatedStreams::AreMany(int64_t size) const {
  constexpr int64_t kLeastShare = 32;
  return replaced * kLeastShare >= size;
}

std::optional<InflatedStreams> InflateStreams(std::span<const uint8_t> bytes,
                                              int64_t most) {
  return Finder(bytes, most).Run();
}

std::vector<uint8_t> DeflateStreams(std::span<const uint8_t> inflated,
                                    StreamsForm form, int64_t size) {
  ByteReader in(inflated);
  const uint64_t count = in.Varint();
  if (count > static_cast<uint64_t>(size)) {
    throw Error(ErrorKind::kFormat, "streams are more than bytes");
  }
  ByteReader list = in;  // read twice: it may be long
  for (uint64_t i = 0; i < count; ++i) ReadStream(in, form);
  ZlibTables tables;
  std::vector<uint8_t> out;
  const auto add = [&](std::span<const uint8_t> bytes) {
    if (std::ssize(bytes) > size - std::ssize(out)) {
      throw Error(ErrorKind::kFormat, "streams make too many bytes");
    }
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  for (uint64_t i = 0; i < count; ++i) {
    const Stream stream = ReadStream(list, form);
    add(in.Bytes(stream.before));
    auto data = in.Bytes(stream.size);
    std::vector<uint8_t> filtered;
    if (stream.rows.bytes > 0) {
      data = filtered = Filtered(data, stream.rows);
    }
    const auto deflated =
        DeflateAgain(data, stream.code, size - std::ssize(out), tables);
    add(Wrapped(stream.wrapping, out, deflated,
                stream.code.ending != StreamEnding::kCut, data));
  }
  add(in.Bytes(in.remaining()));
  if (std::ssize(out) != size) {
    throw Error(ErrorKind::kFormat, "streams make too few bytes");
  }
  return out;
}

}  // namespace nncpp
