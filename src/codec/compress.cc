// src/codec/compress.cc -- Compress of src/codec/codec.h
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "preproc/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/codec/codec.h"
#include "src/codec/limits.h"
#include "src/codec/step.h"
#include "src/format/archive_writer.h"
#include "src/format/payload.h"

namespace nncpp {
namespace {

// Decodes what was just coded with a model of its own, and compares.
class SelfChecker {
 public:
  SelfChecker(const ModelConfig& config, Backend& backend)
      : config_(config), model_(MakeModel(config, backend)) {}

  void Check(std::span<const uint8_t> payload,
             std::span<const uint16_t> symbols, uint64_t digest,
             int64_t block) {
    std::vector<uint16_t> decoded(symbols.size());
    DecodeBlock(
        config_,
        SplitStreams(payload, StreamsOfBlock(config_, std::ssize(symbols))),
        decoded, *model_, [](int64_t, int64_t) {});
    if (!std::equal(symbols.begin(), symbols.end(), decoded.begin()) ||
        model_->Digest() != digest) {
      throw Error(ErrorKind::kNumerics,
                  "self-check: block " + std::to_string(block) +
                      " does not decode to its original; test this machine's "
                      "memory, and tell the authors if it is sound");
    }
  }

 private:
  const ModelConfig config_;
  std::unique_ptr<Model> model_;
};

class Compressor {
 public:
  Compressor(Source& in, Sink& out, const ModelConfig& config,
             const CodecOptions& options)
      : in_(in),
        config_(config),
        options_(options),
        writer_(out),
        backend_(BackendFor(options, config, options.self_check ? 2 : 1)),
        model_(MakeModel(config, *backend_)) {
    if (options.self_check) {
      checker_ = std::make_unique<SelfChecker>(config, *backend_);
    }
  }

  Report Run() {
    const int64_t size = in_.SizeHint();
    progress_.original_total = size;
    ArchiveHeader header;
    if (size >= 0) header.original_bytes = size;
    ByteWriter fields;
    WriteConfig(config_, fields);
    header.config = fields.Take();
    writer_.WriteHeader(header);
    std::vector<uint8_t> bytes;
    do {
      // A known size that fits one block takes no more memory than it needs.
      const int64_t room = size >= 0 ? std::min(config_.block_symbols, size + 1)
                                     : config_.block_symbols;
      bytes.resize(static_cast<size_t>(room));
      bytes.resize(static_cast<size_t>(in_.Read(bytes)));
      if (!bytes.empty()) CompressBlock(bytes);
    } while (!bytes.empty());
    writer_.WriteEnd(hasher_.Digest());
    return {writer_.original_bytes(), writer_.bytes_written(), writer_.blocks(),
            stored_};
  }

 private:
  void CompressBlock(std::span<const uint8_t> bytes) {
    hasher_.Update(bytes);
    std::vector<uint16_t> symbols;
    BytesToSymbols(bytes, symbols);
    model_->Save();
    const int64_t before = writer_.original_bytes();
    const std::vector<uint8_t> payload = JoinStreams(EncodeBlock(
        config_, symbols, *model_, [&](int64_t done, int64_t coded) {
          progress_.original_bytes = before + done;
          progress_.coded_bytes = writer_.bytes_written() + coded;
          if (options_.progress) options_.progress(progress_);
        }));
    BlockHeader header;
    header.original_bytes = std::ssize(bytes);
    header.original_hash = HashBytes64(bytes);
    // Weights and states saturate, so they stay finite; were they ever not,
    // the block would be stored and both sides begin anew.
    header.model_restarts = !model_->IsFinite();
    if (header.model_restarts) {
      model_ = MakeModel(config_, *backend_);
      if (checker_) {
        checker_ = std::make_unique<SelfChecker>(config_, *backend_);
      }
    }
    if (header.model_restarts || std::ssize(payload) >= std::ssize(bytes)) {
      if (!header.model_restarts) model_->Restore();
      header.kind = BlockKind::kStored;
      header.model_digest = model_->Digest();
      writer_.WriteBlock(header, bytes);
      ++stored_;
      return;
    }
    header.kind = BlockKind::kCoded;
    header.symbols = std::ssize(symbols);
    header.model_digest = model_->Digest();
    if (checker_) {
      checker_->Check(payload, symbols, header.model_digest,
                      writer_.blocks() + 1);
    }
    writer_.WriteBlock(header, payload);
  }

  Source& in_;
  const ModelConfig config_;
  const CodecOptions& options_;
  ArchiveWriter writer_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<SelfChecker> checker_;
  StreamHasher hasher_;
  Progress progress_;
  int64_t stored_ = 0;
};

}  // namespace

Report Compress(Source& in, Sink& out, const ModelConfig& config,
                const CodecOptions& options) {
  CheckConfig(config);
  if (config.alphabet != kByteAlphabet) {
    throw Error(ErrorKind::kUsage,
                "--alphabet: input of bytes needs 256; leave the option out");
  }
  CheckMemory(config, options.self_check, options.memory_limit,
              ErrorKind::kMemory);
  return Compressor(in, out, config, options).Run();
}

}  // namespace nncpp
