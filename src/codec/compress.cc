// src/codec/compress.cc -- Compress of src/codec/codec.h
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "preproc/bytes.h"
#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/base/hashing_sink.h"
#include "src/base/memory_stream.h"
#include "src/codec/codec.h"
#include "src/codec/learner.h"
#include "src/codec/limits.h"
#include "src/codec/pieces.h"
#include "src/codec/rehearsal.h"
#include "src/codec/resume.h"
#include "src/codec/step.h"
#include "src/format/archive_reader.h"
#include "src/format/archive_writer.h"
#include "src/format/payload.h"

namespace nncpp {
namespace {

class Compressor {
 public:
  // `done`: what the parts before have come to.
  Compressor(Pieces& in, Sink& out, Learner& learner,
             const CodecOptions& options, const Report& done)
      : in_(in),
        out_(out),
        config_(learner.config),
        preparation_(learner.preparation),
        options_(options),
        checkpointer_(options.checkpointer),
        done_(done),
        writer_(out_),
        learner_(learner),
        model_(learner.model),
        checker_(learner.checker),
        hasher_(learner.hasher) {}

  // Writes one archive: all of it, where `part` says, or what a checkpoint
  // leaves to be done.
  Report Run(const std::optional<ArchivePart>& part, Resumption* from) {
    if (from != nullptr) {
      Resume(*from);
    } else {
      Begin(part);
    }
    progress_.original_total = in_.total();
    const int64_t resumed =
        writer_.original_bytes() +
        OriginalDone(SymbolsDone(config_, std::ssize(symbols_), cursor_));
    if (!bytes_.empty()) CompressBlock();
    for (;;) {
      const Checkpointer::Writer write = CheckpointWriterOfThis();
      StoreIfDue(checkpointer_, done_.blocks + writer_.blocks(), write);
      if (checkpointer_ != nullptr) checkpointer_->Rest(write);
      bytes_ = ReadInput(NextBlockBytes());
      if (checkpointer_ != nullptr) checkpointer_->Rest({});
      if (bytes_.empty()) break;
      hasher_.Update(bytes_);
      plain_ = preparation_.ToSymbols(bytes_, writer_.original_bytes(), config_,
                                      symbols_);
      if (ShrinksSurely()) {
        model_->DropSaved();
      } else {
        model_->Save();
      }
      CompressBlock();
    }
    writer_.WriteEnd(hasher_.Digest(), header_.part && !in_.IsLast());
    return {done_.original_bytes + writer_.original_bytes(),
            done_.coded_bytes + writer_.bytes_written(),
            done_.blocks + writer_.blocks(), done_.stored_blocks + stored_,
            done_.resumed_bytes + (from == nullptr ? 0 : resumed)};
  }

  // The place of the part after this one. After Run.
  ArchivePart Next() const {
    return {header_.part->way, header_.part->number + 1,
            writer_.position().link};
  }

 private:
  void Begin(const std::optional<ArchivePart>& part) {
    const int64_t size = in_.SizeHint();
    if (size >= 0) header_.original_bytes = size;
    header_.part = part;
    header_.files = FilesField(options_.files);
    header_.preparation = preparation_.Field();
    header_.config = ConfigBytes(config_);
    writer_.WriteHeader(header_);
    header_record_ = writer_.header_record();
    if (std::exchange(learner_.begun, true)) return;
    Prime(*model_);
    if (checker_) Prime(checker_->model());
  }

  void Prime(Model& model) {
    preparation_.Prime(config_, model, [this] {
      if (options_.progress) options_.progress(progress_);
    });
  }

  void Resume(Resumption& from) {
    learner_.begun = true;
    const CheckpointHead& head = from.head();
    header_record_ = head.header;
    from.Parse([&] {
      MemorySource record(header_record_);
      header_ = ArchiveReader(record).ReadHeader();
    });
    if (header_.files != FilesField(options_.files)) from.RefuseInput();
    if (header_.config != ConfigBytes(config_)) {
      from.Refuse(
          "was made with other options of the model; leave them out, the "
          "checkpoint knows them");
    }
    from.Parse([&] {
      preparation_ = Preparation::Parse(header_.preparation, options_.prep);
    });
    ResumeInput(from);
    if (header_.part && head.archive_bytes == std::ssize(header_record_)) {
      out_.Write(header_record_);  // all that there is; it may be elsewhere
    } else {
      from.KeepOutput(head.archive_bytes, head.archive_hash, out_.hasher());
    }
    writer_.Continue(header_, {head.link, head.original_bytes, head.blocks,
                               head.archive_bytes});
    stored_ = head.stored_blocks;
    from.ReadStates(*model_);
    if (checker_) ContinueChecking(from);
    if (bytes_.empty() || ShrinksSurely()) model_->DropSaved();
  }

  // The checker's state is that from before the block at work.
  void ContinueChecking(Resumption& from) {
    if (bytes_.empty()) {
      model_->Save();
    } else if (model_->saved().empty()) {
      from.Refuse(
          "was made without the self-check; continue it with "
          "--no-self-check");
    }
    checker_->Continue(model_->saved());
  }

  // Whether coding is sure to shrink the block at work. Then no copy of the
  // state is kept, which may take as much memory as the model.
  bool ShrinksSurely() const {
    return config_.mixing > 0 &&
           preparation_.ShrinkSurely(bytes_, symbols_, plain_);
  }

  // Reads again what the interrupted run had read; its block at work becomes
  // this run's.
  void ResumeInput(Resumption& from) {
    const CheckpointHead& head = from.head();
    ResumePiece(from);
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
      from.Parse([&] { ResumeBlock(head.block, head.original_bytes); });
      hasher_.Update(bytes_);
    }
    if (hasher_.Digest() != head.original_hash) from.RefuseInput();
  }

  // Finds the piece of the checkpoint's part.
  void ResumePiece(Resumption& from) {
    const PartPlan& plan = options_.parts;
    const auto& part = header_.part;
    const bool independent = part && part->way == PartWay::kIndependent;
    if (!part && !plan.any()) return;
    if (!part || independent != plan.independent || !in_.Has(part->number)) {
      RefusePieces(from);
    }
    done_.original_bytes = done_.resumed_bytes = from.head().bytes_before;
    done_.coded_bytes = from.head().archive_before;
    in_.Start(part->number);
    if (in_.begin() != from.head().bytes_before ||
        header_.original_bytes.value_or(-1) != in_.SizeHint()) {
      RefusePieces(from);
    }
    std::vector<uint8_t> bytes;
    for (int64_t left = in_.begin(); left > 0; left -= std::ssize(bytes)) {
      bytes.resize(static_cast<size_t>(std::min(left, config_.block_symbols)));
      if (in_.ReadAny(bytes) != std::ssize(bytes)) from.RefuseInput();
      if (!independent) hasher_.Update(bytes);
    }
  }

  [[noreturn]] static void RefusePieces(const Resumption& from) {
    from.Refuse(
        "belongs to another input, or was made with other --parts, --part-size "
        "or --independent; give those that it was made of");
  }

  // `at`: where the block begins in the original.
  void ResumeBlock(std::span<const uint8_t> fields, int64_t at) {
    ByteReader block(fields);
    const uint64_t size = block.Varint();
    const int64_t most = preparation_.BlockBytes(config_.block_symbols);
    if (size == 0 || size > static_cast<uint64_t>(most)) {
      throw Error(ErrorKind::kFormat, "the block's size is out of its range");
    }
    bytes_ = ReadInput(static_cast<int64_t>(size));
    plain_ = preparation_.ToSymbols(bytes_, at, config_, symbols_);
    if (block.U8() != (plain_ ? 1 : 0)) {
      throw Error(ErrorKind::kFormat, "the block has other symbols here");
    }
    cursor_ = ReadCursor(config_, std::ssize(symbols_), {}, block);
  }

  Checkpointer::Writer CheckpointWriterOfThis() {
    return [this](Sink& out) {
      CheckpointHead head;
      head.direction = Direction::kCompress;
      head.header = header_record_;
      head.blocks = writer_.blocks();
      head.stored_blocks = stored_;
      head.bytes_before = in_.begin();
      head.archive_before = done_.coded_bytes;
      head.original_bytes = writer_.original_bytes();
      head.link = writer_.position().link;
      head.original_hash = hasher_.Digest();
      head.archive_bytes = writer_.bytes_written();
      head.archive_hash = out_.hasher().Digest();
      const bool in_block = cursor_.step > 0;
      if (in_block) {
        ByteWriter block;
        block.Varint(bytes_.size());
        block.U8(plain_ ? 1 : 0);
        WriteCursor(cursor_, block);
        head.block = block.Take();
      }
      std::function<void(Sink&)> before;
      if (in_block && checker_) {
        before = [&](Sink& to) { checker_->model().WriteState(to); };
      } else if (in_block && !model_->saved().empty()) {
        before = [&](Sink& to) { to.Write(model_->saved()); };
      }
      WriteCheckpoint(std::move(head), *model_, before, out);
    };
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
  // from before the block unless ShrinksSurely().
  void CompressBlock() {
    const int64_t before = in_.begin() + writer_.original_bytes();
    const Checkpointer::Writer write = CheckpointWriterOfThis();
    const std::vector<uint8_t> payload = JoinStreams(EncodeBlock(
        config_, symbols_, *model_, cursor_, [&](int64_t done, int64_t coded) {
          progress_.original_bytes = before + OriginalDone(done);
          progress_.coded_bytes =
              done_.coded_bytes + writer_.bytes_written() + coded;
          if (options_.progress) options_.progress(progress_);
          StoreIfDue(checkpointer_, done_.blocks + writer_.blocks(), write);
        }));
    BlockHeader header;
    header.original_bytes = std::ssize(bytes_);
    header.original_hash = HashBytes64(bytes_);
    const bool shrinks = std::ssize(payload) < std::ssize(bytes_);
    // Weights and states saturate, so they stay finite; were they ever not, or
    // did a block not shrink that surely would, it would be stored and both
    // sides begin anew.
    header.model_restarts =
        !model_->IsFinite() || (!shrinks && model_->saved().empty());
    if (header.model_restarts) learner_.MakeModels(options_.self_check);
    if (header.model_restarts || !shrinks) {
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
        const bool same =
            preparation_.ToBytes(symbols_, plain_, writer_.original_bytes(),
                                 std::ssize(bytes_)) == bytes_;
        checker_->Check(payload, symbols_, same, header.model_digest,
                        writer_.blocks() + 1);
      }
      writer_.WriteBlock(header, payload);
    }
    bytes_.clear();
    symbols_.clear();
    cursor_ = {};
  }

  Pieces& in_;
  HashingSink out_;
  const ModelConfig& config_;
  Preparation& preparation_;
  const CodecOptions& options_;
  Checkpointer* const checkpointer_;
  Report done_;  // by the parts before
  ArchiveHeader header_;
  std::vector<uint8_t> header_record_;
  ArchiveWriter writer_;
  Learner& learner_;  // the next three are its
  std::unique_ptr<Model>& model_;
  std::unique_ptr<SelfChecker>& checker_;
  StreamHasher& hasher_;
  std::vector<uint8_t> bytes_;     // the block at work; empty: none
  std::vector<uint16_t> symbols_;  // of it
  bool plain_ = false;             // they are its bytes as they are
  BlockCursor cursor_;             // in it
  Progress progress_;
  int64_t stored_ = 0;
};

}  // namespace

Report Compress(Source& in, Sink& out, const ModelConfig& config,
                const CodecOptions& options) {
  CheckConfig(config);
  const bool independent = options.parts.independent;
  Pieces pieces(in, options.parts);
  std::unique_ptr<Resumption> from;
  if (options.checkpointer != nullptr && options.checkpointer->Resumed()) {
    from = std::make_unique<Resumption>(*options.checkpointer,
                                        Direction::kCompress);
  }
  std::optional<ArchivePart> part;
  if (options.parts.any()) {
    part = ArchivePart();
    if (independent) part->way = PartWay::kIndependent;
  }
  ModelConfig given = config;  // without what a run before made of it
  if (from && !options.prep.wide_symbols) given.alphabet = kByteAlphabet;
  std::unique_ptr<Learner> learner;
  bool told = from != nullptr;  // what the run will take
  Report report;
  for (;;) {
    if (part && !from) pieces.Start(part->number);
    if (!learner || independent) {
      learner.reset();  // its memory is the next one's
      const int64_t size = independent ? pieces.SizeHint() : pieces.total();
      learner = NewLearner(pieces, size, from ? config : given, options,
                           from != nullptr);
      if (options.expectation && !told) {
        options.expectation(ExpectCompress(
            learner->config, learner->preparation, pieces.total(),
            options.self_check, *learner->backend));
      }
      told = true;
      learner->MakeModels(options.self_check);
    }
    Compressor archive(pieces, out, *learner, options, report);
    report = archive.Run(part, from.get());
    from.reset();
    if (!part || pieces.IsLast()) return report;
    part = archive.Next();
    options.next_output();
  }
}

}  // namespace nncpp
