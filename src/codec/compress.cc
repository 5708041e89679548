// src/codec/compress.cc -- Compress of src/codec/codec.h
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "preproc/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/base/head_source.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "src/codec/limits.h"
#include "src/codec/rehearsal.h"
#include "src/codec/resume.h"
#include "src/codec/step.h"
#include "src/format/archive_reader.h"
#include "src/format/archive_writer.h"
#include "src/format/payload.h"

namespace nncpp {
namespace {

// Decodes what was just coded with a model of its own, and compares.
class SelfChecker {
 public:
  SelfChecker(const ModelConfig& config, Backend& backend)
      : config_(config), model_(MakeModel(config, backend)) {}

  Model& model() { return *model_; }

  // Goes on from a state of the model that is checked.
  void Continue(std::span<const uint8_t> state) {
    MemorySource bytes(state);
    model_->ReadState(bytes);
  }

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

// Hashes what passes.
class HashingSink : public Sink {
 public:
  explicit HashingSink(Sink& out) : out_(out) {}
  void Write(std::span<const uint8_t> bytes) override {
    hasher_.Update(bytes);
    out_.Write(bytes);
  }
  StreamHasher& hasher() { return hasher_; }

 private:
  Sink& out_;
  StreamHasher hasher_;
};

class Compressor {
 public:
  Compressor(Source& in, Sink& out, const ModelConfig& config,
             Preparation preparation, const CodecOptions& options)
      : in_(in),
        out_(out),
        config_(config),
        preparation_(std::move(preparation)),
        options_(options),
        checkpointer_(options.checkpointer),
        writer_(out_),
        backend_(BackendFor(options, config, options.self_check ? 2 : 1)) {}

  Report Run() {
    const bool resumed_run =
        checkpointer_ != nullptr && checkpointer_->Resumed() != nullptr;
    if (!resumed_run && options_.expectation) {
      options_.expectation(ExpectCompress(config_, preparation_, in_.SizeHint(),
                                          options_.self_check, *backend_));
    }
    MakeModels();
    if (resumed_run) {
      Resume();
    } else {
      Begin();
    }
    progress_.original_total = header_.original_bytes.value_or(-1);
    const int64_t resumed =
        writer_.original_bytes() +
        OriginalDone(SymbolsDone(config_, std::ssize(symbols_), cursor_));
    if (!bytes_.empty()) CompressBlock();
    for (;;) {
      const Checkpointer::Writer write = CheckpointWriterOfThis();
      StoreIfDue(checkpointer_, writer_.blocks(), write);
      if (checkpointer_ != nullptr) checkpointer_->Rest(write);
      bytes_ = ReadInput(NextBlockBytes());
      if (checkpointer_ != nullptr) checkpointer_->Rest({});
      if (bytes_.empty()) break;
      hasher_.Update(bytes_);
      plain_ = preparation_.ToSymbols(bytes_, config_.alphabet, symbols_);
      model_->Save();
      CompressBlock();
    }
    writer_.WriteEnd(hasher_.Digest());
    return {writer_.original_bytes(), writer_.bytes_written(), writer_.blocks(),
            stored_, resumed};
  }

 private:
  void Begin() {
    const int64_t size = in_.SizeHint();
    if (size >= 0) header_.original_bytes = size;
    header_.preparation = preparation_.Field();
    header_.config = ConfigBytes();
    writer_.WriteHeader(header_);
    header_record_ = writer_.header_record();
    Prime(*model_);
    if (checker_) Prime(checker_->model());
  }

  void Prime(Model& model) {
    preparation_.Prime(config_, model, [this] {
      if (options_.progress) options_.progress(progress_);
    });
  }

  void Resume() {
    Resumption from(*checkpointer_, Direction::kCompress);
    const CheckpointHead& head = from.head();
    header_record_ = head.header;
    from.Parse([&] {
      MemorySource record(header_record_);
      header_ = ArchiveReader(record).ReadHeader();
    });
    if (header_.config != ConfigBytes()) {
      from.Refuse(
          "was made with other options of the model; leave them out, the "
          "checkpoint knows them");
    }
    from.Parse([&] {
      preparation_ = Preparation::Parse(header_.preparation, options_.prep);
    });
    ResumeInput(from);
    from.KeepOutput(head.archive_bytes, head.archive_hash, out_.hasher());
    writer_.Continue(header_, {head.link, head.original_bytes, head.blocks,
                               head.archive_bytes});
    stored_ = head.stored_blocks;
    from.ReadStates(*model_);
    if (checker_) checker_->Continue(model_->saved());
  }

  // Reads again what the interrupted run had read; its block at work becomes
  // this run's.
  void ResumeInput(Resumption& from) {
    const CheckpointHead& head = from.head();
    const int64_t size = in_.SizeHint();
    if (header_.original_bytes.value_or(size) != size && size >= 0) {
      from.RefuseInput();
    }
    for (int64_t left = head.original_bytes; left > 0;) {
      const auto bytes = ReadInput(std::min(left, config_.block_symbols));
      if (bytes.empty()) from.RefuseInput();
      hasher_.Update(bytes);
      left -= std::ssize(bytes);
    }
    if (!head.block.empty()) {
      from.Parse([&] { ResumeBlock(head.block); });
      hasher_.Update(bytes_);
    }
    if (hasher_.Digest() != head.original_hash) from.RefuseInput();
  }

  void ResumeBlock(std::span<const uint8_t> fields) {
    ByteReader block(fields);
    const uint64_t size = block.Varint();
    const int64_t most = preparation_.BlockBytes(config_.block_symbols);
    if (size == 0 || size > static_cast<uint64_t>(most)) {
      throw Error(ErrorKind::kFormat, "the block's size is out of its range");
    }
    bytes_ = ReadInput(static_cast<int64_t>(size));
    plain_ = preparation_.ToSymbols(bytes_, config_.alphabet, symbols_);
    cursor_ = ReadCursor(config_, std::ssize(symbols_), {}, block);
  }

  Checkpointer::Writer CheckpointWriterOfThis() {
    return [this](Sink& out) {
      CheckpointHead head;
      head.direction = Direction::kCompress;
      head.header = header_record_;
      head.blocks = writer_.blocks();
      head.stored_blocks = stored_;
      head.original_bytes = writer_.original_bytes();
      head.link = writer_.position().link;
      head.original_hash = hasher_.Digest();
      head.archive_bytes = writer_.bytes_written();
      head.archive_hash = out_.hasher().Digest();
      const bool in_block = cursor_.step > 0;
      if (in_block) {
        ByteWriter block;
        block.Varint(bytes_.size());
        WriteCursor(cursor_, block);
        head.block = block.Take();
      }
      WriteCheckpoint(std::move(head), *model_, /*with_saved=*/in_block, out);
    };
  }

  std::vector<uint8_t> ConfigBytes() const {
    ByteWriter fields;
    WriteConfig(config_, fields);
    return fields.Take();
  }

  // A known size that fits one block takes no more memory than it needs.
  int64_t NextBlockBytes() const {
    const int64_t most = preparation_.BlockBytes(config_.block_symbols);
    if (!header_.original_bytes) return most;
    return std::min(most, *header_.original_bytes + preparation_.BlockBytes(1));
  }

  // At most `room` bytes, fewer at the end of the input.
  std::vector<uint8_t> ReadInput(int64_t room) {
    std::vector<uint8_t> bytes(static_cast<size_t>(room));
    bytes.resize(static_cast<size_t>(in_.Read(bytes)));
    return bytes;
  }

  // The bytes of the block at work that so many symbols of it are, about.
  int64_t OriginalDone(int64_t symbols) const {
    if (symbols_.empty()) return 0;
    return symbols * std::ssize(bytes_) / std::ssize(symbols_);
  }

  // Codes symbols_ from cursor_ on. REQUIRES: the model has saved the state
  // from before the block.
  void CompressBlock() {
    const int64_t before = writer_.original_bytes();
    const Checkpointer::Writer write = CheckpointWriterOfThis();
    const std::vector<uint8_t> payload = JoinStreams(EncodeBlock(
        config_, symbols_, *model_, cursor_, [&](int64_t done, int64_t coded) {
          progress_.original_bytes = before + OriginalDone(done);
          progress_.coded_bytes = writer_.bytes_written() + coded;
          if (options_.progress) options_.progress(progress_);
          StoreIfDue(checkpointer_, writer_.blocks(), write);
        }));
    BlockHeader header;
    header.original_bytes = std::ssize(bytes_);
    header.original_hash = HashBytes64(bytes_);
    // Weights and states saturate, so they stay finite; were they ever not,
    // the block would be stored and both sides begin anew.
    header.model_restarts = !model_->IsFinite();
    if (header.model_restarts) MakeModels();
    if (header.model_restarts || std::ssize(payload) >= std::ssize(bytes_)) {
      if (!header.model_restarts) model_->Restore();
      header.kind = BlockKind::kStored;
      header.model_digest = model_->Digest();
      writer_.WriteBlock(header, bytes_);
      ++stored_;
    } else {
      header.kind = BlockKind::kCoded;
      header.plain = plain_;
      header.symbols = std::ssize(symbols_);
      header.model_digest = model_->Digest();
      if (checker_) {
        checker_->Check(payload, symbols_, header.model_digest,
                        writer_.blocks() + 1);
      }
      writer_.WriteBlock(header, payload);
    }
    bytes_.clear();
    symbols_.clear();
    cursor_ = {};
  }

  void MakeModels() {
    model_ = MakeModel(config_, *backend_);
    if (options_.self_check) {
      checker_ = std::make_unique<SelfChecker>(config_, *backend_);
    }
  }

  Source& in_;
  HashingSink out_;
  const ModelConfig config_;
  Preparation preparation_;
  const CodecOptions& options_;
  Checkpointer* const checkpointer_;
  ArchiveHeader header_;
  std::vector<uint8_t> header_record_;
  ArchiveWriter writer_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<SelfChecker> checker_;
  StreamHasher hasher_;         // of the original, the block at work included
  std::vector<uint8_t> bytes_;  // the block at work; empty: none
  std::vector<uint16_t> symbols_;  // of it
  bool plain_ = false;             // they are its bytes, not words
  BlockCursor cursor_;             // in it
  Progress progress_;
  int64_t stored_ = 0;
};

}  // namespace

Report Compress(Source& in, Sink& out, const ModelConfig& config,
                const CodecOptions& options) {
  CheckConfig(config);
  HeadSource input(in);
  ModelConfig prepared = config;
  Preparation preparation;
  const bool resumed =
      options.checkpointer != nullptr && options.checkpointer->Resumed();
  if (!resumed) {
    if (config.alphabet != kByteAlphabet && !options.prep.wide_symbols) {
      throw Error(ErrorKind::kUsage,
                  "--alphabet: follows from the words; leave the option out, "
                  "or add --symbols u16 if it is true of the input");
    }
    const int64_t size = in.SizeHint();
    const auto head = input.Peek(Preparation::HeadBytes(options.prep));
    preparation = Preparation::Choose(head, size, config, options.prep);
    prepared.alphabet = preparation.Alphabet(config.alphabet);
  }
  CheckMemory(prepared, options.self_check, options.memory_limit,
              ErrorKind::kMemory);
  return Compressor(input, out, prepared, std::move(preparation), options)
      .Run();
}

}  // namespace nncpp
