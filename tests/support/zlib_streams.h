// tests/support/zlib_streams.h -- streams as zlib itself makes them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "preproc/deflated_stream.h"

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

}  // namespace nncpp::testing
