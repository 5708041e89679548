// tests/support/zlib_streams.h -- streams as zlib itself makes them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

#include "preproc/deflated_stream.h"
#include "src/base/error.h"

namespace nncpp::testing {

// What window_bits are to deflateInit2: raw, with zlib's header, with gzip's.
enum class ZlibForm { kRaw, kZlib, kGzip };

inline std::vector<uint8_t> ByZlib(std::span<const uint8_t> data,
                                   const ZlibSettings& settings,
                                   ZlibForm form = ZlibForm::kRaw,
                                   StreamEnding ending = StreamEnding::kFinish,
                                   int strategy = Z_DEFAULT_STRATEGY) {
  const int bits = settings.window_bits;
  z_stream stream = {};
  if (deflateInit2(&stream, settings.level, Z_DEFLATED,
                   form == ZlibForm::kRaw    ? -bits
                   : form == ZlibForm::kGzip ? bits + 16
                                             : bits,
                   settings.memory_level, strategy) != Z_OK) {
    throw std::runtime_error("deflateInit2 fails");
  }
  std::vector<uint8_t> out(data.size() + data.size() / 2 + 1000);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  if (ending == StreamEnding::kPartial) {
    deflate(&stream, Z_PARTIAL_FLUSH);
  }
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("deflate fails");
  return out;
}

inline constexpr int64_t kAnySize = int64_t{1} << 30;

// Tables for all, as for the streams of a file. Null: the twin refuses.
inline std::optional<std::vector<uint8_t>> Deflate(
    const std::vector<uint8_t>& data, const StreamCode& code,
    int64_t most = kAnySize) {
  static ZlibTables tables;
  try {
    return DeflateAgain(data, code, most, tables);
  } catch (const Error&) {
    return std::nullopt;
  }
}

inline std::vector<uint8_t> Noise(int64_t size) {
  std::vector<uint8_t> noise(static_cast<size_t>(size));
  std::mt19937 random(4);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
  return noise;
}

}  // namespace nncpp::testing
