// preproc/deflated_streams.cc -- contract: preproc/deflated_streams.h
#include "preproc/deflated_streams.h"

#include <algorithm>
#include <array>

#include "preproc/zlib_deflate.h"
#include "src/base/bytes.h"
#include "src/base/deflate.h"
#include "src/base/error.h"

namespace nncpp {
namespace {

// What stands behind the deflated data, and is left out. The value is part of
// the format.
enum class Wrapping : uint8_t {
  kNone = 0,  // nothing: a member of a ZIP
  kZlib = 1,  // Adler-32, the high byte first
  kGzip = 2,  // CRC-32 and the size, the low bytes first
};
constexpr Wrapping kLastWrapping = Wrapping::kGzip;

// Shorter ones cost more than they gain.
constexpr int64_t kLeastStream = 48;

// A file has streams where they are such a part of its head.
constexpr int64_t kLeastShare = 32;

struct Stream {
  int64_t before = 0;  // bytes since the last stream
  int64_t size = 0;    // inflated
  Wrapping wrapping = Wrapping::kNone;
  ZlibSettings settings;
};

std::vector<uint8_t> Trailer(Wrapping wrapping,
                             std::span<const uint8_t> inflated) {
  ByteWriter out;
  if (wrapping == Wrapping::kZlib) {
    const uint32_t sum = Adler32(inflated);
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.U8(static_cast<uint8_t>(sum >> shift));
    }
  } else if (wrapping == Wrapping::kGzip) {
    out.U32(Crc32(inflated));
    out.U32(static_cast<uint32_t>(inflated.size()));
  }
  return out.Take();
}

bool BeginsWith(std::span<const uint8_t> bytes, std::span<const uint8_t> with) {
  return bytes.size() >= with.size() &&
         std::equal(with.begin(), with.end(), bytes.begin());
}

// ---- finding ----------------------------------------------------------------

struct Header {
  int64_t size = 0;  // bytes before the deflated data; 0: there is none
  Wrapping wrapping = Wrapping::kNone;
  int window_bits = 15;
  int level = 6;  // the first to try
};

Header ZipHeader(std::span<const uint8_t> bytes) {
  constexpr size_t kFixed = 30;
  if (bytes.size() < kFixed || (bytes[8] | bytes[9] << 8) != 8) return {};
  const int64_t names =
      (bytes[26] | bytes[27] << 8) + (bytes[28] | bytes[29] << 8);
  return {static_cast<int64_t>(kFixed) + names, Wrapping::kNone, 15, 6};
}

Header GzipHeader(std::span<const uint8_t> bytes) {
  constexpr uint8_t kCrc = 2, kExtra = 4, kName = 8, kComment = 16;
  constexpr size_t kFixed = 10;
  if (bytes.size() < kFixed || bytes[2] != 8 || bytes[3] > 31) return {};
  const uint8_t flags = bytes[3];
  size_t at = kFixed;
  if ((flags & kExtra) != 0 && at + 2 <= bytes.size()) {
    at += 2u + bytes[at] + (size_t{bytes[at + 1]} << 8);
  }
  for (const uint8_t text : {kName, kComment}) {
    if ((flags & text) == 0) continue;
    while (at < bytes.size() && bytes[at] != 0) ++at;
    ++at;
  }
  if ((flags & kCrc) != 0) at += 2;
  return {static_cast<int64_t>(at), Wrapping::kGzip, 15,
          bytes[8] == 2   ? 9
          : bytes[8] == 4 ? 1
                          : 6};
}

Header ZlibHeader(std::span<const uint8_t> bytes) {
  constexpr int kLevels[] = {1, 5, 6, 9};  // by what the header says of it
  if (bytes.size() < 2 || (bytes[0] & 15) != 8 || bytes[0] >> 4 > 7 ||
      (bytes[0] << 8 | bytes[1]) % 31 != 0 || (bytes[1] & 32) != 0) {
    return {};
  }
  return {2, Wrapping::kZlib, std::max(9, (bytes[0] >> 4) + 8),
          kLevels[bytes[1] >> 6]};
}

Header HeaderOf(std::span<const uint8_t> bytes) {
  constexpr std::array<uint8_t, 4> kZip = {'P', 'K', 3, 4};
  constexpr std::array<uint8_t, 2> kGzip = {0x1f, 0x8b};
  if (BeginsWith(bytes, kZip)) return ZipHeader(bytes);
  if (BeginsWith(bytes, kGzip)) return GzipHeader(bytes);
  return ZlibHeader(bytes);
}

// Finds how zlib makes deflated data of what it holds, if it does.
class SettingsFinder {
 public:
  std::optional<ZlibSettings> Find(std::span<const uint8_t> data,
                                   std::span<const uint8_t> deflated,
                                   const Header& header);

 private:
  // After so many streams that no settings make, those of the stream before
  // alone are tried: the file is another program's.
  static constexpr int kMostMissed = 16;

  ZlibDeflater deflater_;
  ZlibSettings last_;
  int missed_ = 0;
};

std::optional<ZlibSettings> SettingsFinder::Find(
    std::span<const uint8_t> data, std::span<const uint8_t> deflated,
    const Header& header) {
  ZlibSettings settings = last_;
  settings.window_bits = header.window_bits;
  const auto makes = [&] {
    const auto made =
        deflater_.Run(data, settings, std::ssize(deflated), deflated);
    return made && std::ssize(*made) == std::ssize(deflated);
  };
  if (makes()) return settings;
  if (missed_ == kMostMissed) return std::nullopt;
  for (int i = 0; i < 9; ++i) {
    settings.level = (header.level + 8 - i) % 9 + 1;  // the next is one less
    for (const int memory_level : {8, 9}) {
      settings.memory_level = memory_level;
      for (const ZlibEnding ending :
           {ZlibEnding::kFinish, ZlibEnding::kPartial}) {
        settings.ending = ending;
        if (makes()) return last_ = settings;
      }
    }
  }
  ++missed_;
  return std::nullopt;
}

// ---- the list ---------------------------------------------------------------

void WriteStream(const Stream& stream, ByteWriter& out) {
  out.Varint(static_cast<uint64_t>(stream.before));
  out.Varint(static_cast<uint64_t>(stream.size));
  const ZlibSettings& s = stream.settings;
  out.U8(static_cast<uint8_t>(s.level | s.memory_level << 4));
  out.U8(static_cast<uint8_t>(s.window_bits |
                              static_cast<int>(stream.wrapping) << 4 |
                              static_cast<int>(s.ending) << 6));
}

Stream ReadStream(ByteReader& in) {
  const uint64_t before = in.Varint(), size = in.Varint();
  const uint8_t levels = in.U8(), rest = in.U8();
  Stream stream;
  stream.settings = {levels & 15, levels >> 4, rest & 15,
                     static_cast<ZlibEnding>(rest >> 6)};
  stream.wrapping = static_cast<Wrapping>(rest >> 4 & 3);
  const auto left = static_cast<uint64_t>(in.remaining());
  if (!stream.settings.AreSound() || stream.wrapping > kLastWrapping ||
      before > left || size > left) {
    throw Error(ErrorKind::kFormat, "a stream is none that zlib makes");
  }
  stream.before = static_cast<int64_t>(before);
  stream.size = static_cast<int64_t>(size);
  return stream;
}

// What is found in some bytes.
struct Finding {
  std::vector<Stream> streams;
  std::vector<uint8_t> body;  // without the list
  int64_t replaced = 0;       // bytes that the streams were
};

Finding Find(std::span<const uint8_t> bytes, int64_t most) {
  constexpr int64_t kListed = 16;  // bytes of a stream in the list, at most
  Finding found;
  SettingsFinder finder;
  size_t copied = 0;  // bytes that are in the body or replaced
  int64_t room = most - std::ssize(bytes) - kListed;
  // Bytes that only begin like streams may be read again and again.
  int64_t work = -(64 * std::ssize(bytes) + 2 * most);
  for (size_t at = 0; at + kLeastStream < bytes.size() && work < 0;) {
    const Header header = HeaderOf(bytes.subspan(at));
    const size_t begin = at++ + static_cast<size_t>(header.size);
    if (header.size == 0 || begin >= bytes.size()) continue;
    const auto inflated =
        Inflate(bytes.subspan(begin), room + std::ssize(bytes), work);
    if (!inflated || inflated->deflated < kLeastStream) continue;
    const std::vector<uint8_t>& data = inflated->data;
    const auto deflated =
        bytes.subspan(begin, static_cast<size_t>(inflated->deflated));
    const auto after = bytes.subspan(begin + deflated.size());
    const std::vector<uint8_t> trailer = Trailer(header.wrapping, data);
    const int64_t more =
        std::ssize(data) + kListed - inflated->deflated - std::ssize(trailer);
    // With the list, the block becomes longer: the decoder relies on that.
    if (more < kListed || more > room || !BeginsWith(after, trailer)) continue;
    const auto settings = finder.Find(data, deflated, header);
    if (!settings) {  // another program's
      at = begin + deflated.size();
      continue;
    }
    room -= more;
    const auto gap = bytes.subspan(copied, begin - copied);
    found.streams.push_back(
        {std::ssize(gap), std::ssize(data), header.wrapping, *settings});
    found.body.insert(found.body.end(), gap.begin(), gap.end());
    found.body.insert(found.body.end(), data.begin(), data.end());
    at = copied = begin + deflated.size() + trailer.size();
    found.replaced += std::ssize(deflated);
  }
  const auto rest = bytes.subspan(copied);
  found.body.insert(found.body.end(), rest.begin(), rest.end());
  return found;
}

}  // namespace

std::optional<std::vector<uint8_t>> InflateStreams(
    std::span<const uint8_t> bytes, int64_t most) {
  const Finding found = Find(bytes, most);
  if (found.streams.empty()) return std::nullopt;
  ByteWriter out;
  out.Varint(found.streams.size());
  for (const Stream& stream : found.streams) WriteStream(stream, out);
  out.Bytes(found.body);
  return out.Take();
}

std::vector<uint8_t> DeflateStreams(std::span<const uint8_t> inflated,
                                    int64_t size) {
  ByteReader in(inflated);
  const uint64_t count = in.Varint();
  if (count > static_cast<uint64_t>(size)) {
    throw Error(ErrorKind::kFormat, "streams are more than bytes");
  }
  std::vector<Stream> streams;
  while (streams.size() < count) streams.push_back(ReadStream(in));
  ZlibDeflater deflater;
  std::vector<uint8_t> out;
  const auto add = [&](std::span<const uint8_t> bytes) {
    if (std::ssize(bytes) > size - std::ssize(out)) {
      throw Error(ErrorKind::kFormat, "streams make too many bytes");
    }
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  for (const Stream& stream : streams) {
    add(in.Bytes(stream.before));
    const auto data = in.Bytes(stream.size);
    const auto deflated = deflater.Run(data, stream.settings,
                                       size - std::ssize(out), /*wanted=*/{});
    if (!deflated) {
      throw Error(ErrorKind::kFormat, "a stream is none that zlib makes");
    }
    add(*deflated);
    add(Trailer(stream.wrapping, data));
  }
  add(in.Bytes(in.remaining()));
  if (std::ssize(out) != size) {
    throw Error(ErrorKind::kFormat, "streams make too few bytes");
  }
  return out;
}

bool HasStreams(std::span<const uint8_t> head, int64_t most) {
  const int64_t replaced = Find(head, most).replaced;
  return replaced > 0 && replaced * kLeastShare >= std::ssize(head);
}

}  // namespace nncpp
