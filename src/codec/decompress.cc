// src/codec/decompress.cc -- Decompress and List of src/codec/codec.h
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "preproc/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/codec/codec.h"
#include "src/codec/limits.h"
#include "src/codec/step.h"
#include "src/format/archive_reader.h"
#include "src/format/payload.h"

namespace nncpp {
namespace {

ModelConfig ConfigOf(const ArchiveHeader& header) {
  ByteReader fields(header.config);
  const ModelConfig config = ParseConfig(fields);
  if (config.alphabet != kByteAlphabet) {
    throw Error(ErrorKind::kUnsupported,
                "the archive holds no bytes but an alphabet of " +
                    std::to_string(config.alphabet) +
                    " symbols; use the nncpp that made it");
  }
  return config;
}

class Decompressor {
 public:
  Decompressor(Source& in, Sink& out, const CodecOptions& options)
      : reader_(in), out_(out), options_(options) {}

  Report Run() {
    const ArchiveHeader& header = reader_.ReadHeader();
    config_ = ConfigOf(header);
    CheckMemory(config_, false, options_.memory_limit, ErrorKind::kUnsupported);
    progress_.original_total = header.original_bytes.value_or(-1);
    int64_t stored = 0;
    for (;;) {
      const BlockKind kind = reader_.NextBlock();
      if (kind == BlockKind::kEnd) break;
      // The model is made when there is something for it to do, so that a
      // damaged archive is refused before memory is taken.
      if (!model_) {
        backend_ = BackendFor(options_, config_, /*models=*/1);
        model_ = MakeModel(config_, *backend_);
      }
      if (kind == BlockKind::kStored) {
        ++stored;
        Stored();
      } else {
        Coded();
      }
    }
    reader_.CheckOriginal(hasher_.Digest());
    return {reader_.original_bytes(), reader_.bytes_read(), reader_.blocks(),
            stored};
  }

 private:
  void Stored() {
    if (reader_.block().model_restarts) {
      model_ = MakeModel(config_, *backend_);
    }
    Deliver(reader_.payload());
  }

  void Coded() {
    const BlockHeader& block = reader_.block();
    if (block.symbols > config_.block_symbols ||
        block.symbols != block.original_bytes || block.model_restarts) {
      throw Error(ErrorKind::kFormat,
                  Name() +
                      " does not fit its configuration; the archive is "
                      "damaged");
    }
    std::vector<uint16_t> symbols(static_cast<size_t>(block.symbols));
    const int64_t before = reader_.original_bytes() - block.original_bytes;
    try {
      DecodeBlock(config_,
                  SplitStreams(reader_.payload(),
                               StreamsOfBlock(config_, block.symbols)),
                  symbols, *model_, [&](int64_t done, int64_t) {
                    progress_.original_bytes = before + done;
                    progress_.coded_bytes = reader_.bytes_read();
                    if (options_.progress) options_.progress(progress_);
                  });
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kFormat) throw;
      Disagree();
    }
    std::vector<uint8_t> bytes;
    SymbolsToBytes(symbols, bytes);
    if (HashBytes64(bytes) != block.original_hash) Disagree();
    Deliver(bytes);
  }

  void Deliver(std::span<const uint8_t> bytes) {
    if (model_->Digest() != reader_.block().model_digest) Disagree();
    hasher_.Update(bytes);
    out_.Write(bytes);
  }

  // The coded bytes are those that were written (their hash was right), and
  // yet decode to something else.
  [[noreturn]] void Disagree() const {
    throw Error(ErrorKind::kNumerics,
                Name() +
                    " is sound but decodes differently here: this machine or "
                    "this build computes other bits; try another of either");
  }

  std::string Name() const {
    return "block " + std::to_string(reader_.blocks());
  }

  ArchiveReader reader_;
  Sink& out_;
  const CodecOptions& options_;
  ModelConfig config_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
  StreamHasher hasher_;
  Progress progress_;
};

std::string Hex(const Hash128& hash) {
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  return text;
}

}  // namespace

Report Decompress(Source& in, Sink& out, const CodecOptions& options) {
  return Decompressor(in, out, options).Run();
}

Listing List(Source& in) {
  ArchiveReader reader(in);
  Listing listing;
  listing.config = ConfigOf(reader.ReadHeader());
  listing.format_version = static_cast<int>(kFormatNumber);
  listing.numerics_version = static_cast<int>(kNumericsNumber);
  for (;;) {
    const BlockKind kind = reader.NextBlock();
    if (kind == BlockKind::kEnd) break;
    if (kind == BlockKind::kStored) ++listing.stored_blocks;
  }
  listing.original_bytes = reader.original_bytes();
  listing.archive_bytes = reader.bytes_read();
  listing.blocks = reader.blocks();
  listing.original_hash = Hex(reader.end().original_hash);
  return listing;
}

}  // namespace nncpp
