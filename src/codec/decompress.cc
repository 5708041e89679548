// src/codec/decompress.cc -- Decompress and List of src/codec/codec.h
#include <memory>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/base/hash.h"
#include "src/codec/codec.h"
#include "src/codec/limits.h"
#include "src/codec/part_chain.h"
#include "src/codec/rehearsal.h"
#include "src/codec/resume.h"
#include "src/codec/step.h"
#include "src/format/archive_reader.h"
#include "src/format/payload.h"

namespace nncpp {
namespace {

// What goes on from one chained part to the next.
struct Decoder {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
  StreamHasher hasher;
};

class Decompressor {
 public:
  // `chain` and `decoder` go on from part to part; `done` is what the parts
  // before have come to.
  Decompressor(Source& in, Sink& out, const CodecOptions& options,
               PartChain& chain, Decoder& decoder, const Report& done)
      : reader_(in),
        out_(out),
        options_(options),
        checkpointer_(options.checkpointer),
        chain_(chain),
        done_(done),
        backend_(decoder.backend),
        model_(decoder.model),
        hasher_(decoder.hasher) {}

  // Decodes one archive: all of it, or what a checkpoint leaves to be done.
  Report Run(bool resume) {
    const ArchiveHeader& header = reader_.ReadHeader();
    chain_.Begin(header);
    CheckFiles(header);
    ByteReader fields(header.config);
    config_ = ParseConfig(fields);
    preparation_ = Preparation::Parse(header.preparation, options_.prep);
    if (config_.alphabet != preparation_.Alphabet(config_.alphabet)) {
      throw Error(ErrorKind::kUnsupported,
                  "the archive has an alphabet of " +
                      std::to_string(config_.alphabet) +
                      " symbols without words for them; use the nncpp that "
                      "made it");
    }
    CheckMemory(MemoryToDecode(config_), options_.memory_limit,
                ErrorKind::kUnsupported);
    CheckOutput(header.original_bytes.value_or(0));
    if (!header.part) {
      progress_.original_total = header.original_bytes.value_or(-1);
    }
    if (resume) Resume();
    const int64_t resumed =
        original_bytes_ +
        OriginalDone(SymbolsDone(config_, std::ssize(symbols_), cursor_));
    if (cursor_.step > 0) Coded();
    for (;;) {
      const BlockKind kind = NextBlock();
      if (kind == BlockKind::kEnd) break;
      MakeModelOnce();
      if (kind == BlockKind::kStored) {
        Stored();
      } else {
        CheckCoded();
        symbols_.assign(static_cast<size_t>(reader_.block().symbols), 0);
        Coded();
      }
    }
    reader_.CheckOriginal(hasher_.Digest());
    return {done_.original_bytes + reader_.original_bytes(),
            done_.coded_bytes + reader_.bytes_read(),
            done_.blocks + reader_.blocks(), done_.stored_blocks + stored_,
            done_.resumed_bytes + resumed};
  }

  // Whether another part is to be decoded. After Run.
  bool PartFollows() {
    return chain_.End(reader_.link(), reader_.end().part_follows);
  }

 private:
  // The model is made when there is something for it to do, so that a damaged
  // archive is refused before memory is taken.
  void MakeModelOnce() {
    if (model_) return;
    backend_ = BackendFor(options_, config_, /*models=*/1);
    if (options_.expectation && !resumed_) {
      options_.expectation(ExpectDecompress(
          config_, preparation_, progress_.original_total, *backend_));
    }
    model_ = MakeModel(config_, *backend_);
    if (resumed_) return;
    preparation_.Prime(config_, *model_, [this] {
      if (options_.progress) options_.progress(progress_);
    });
  }

  void CheckFiles(const ArchiveHeader& header) const {
    if (header.files.empty()) return;
    ParseFiles(header.files, *header.original_bytes);
    if (options_.as_files) return;
    throw Error(ErrorKind::kUsage,
                "the archive holds several files; give its name and that of a "
                "folder, and leave --checkpoint and --salvage out");
  }

  void Resume() {
    resumed_ = true;
    Resumption from(*checkpointer_, Direction::kDecompress);
    const CheckpointHead& head = from.head();
    if (head.header != reader_.header_record()) from.RefuseInput();
    const int64_t begun = head.block.empty() ? 0 : 1;
    for (int64_t i = 0; i < head.blocks + begun; ++i) {
      original_bytes_ = reader_.original_bytes();
      if (reader_.NextBlock() == BlockKind::kEnd) from.RefuseInput();
    }
    if (begun == 0) original_bytes_ = reader_.original_bytes();
    if (reader_.link() != head.link || original_bytes_ != head.original_bytes) {
      from.RefuseInput();
    }
    blocks_ = head.blocks;
    link_ = head.link;
    stored_ = head.stored_blocks;
    if (begun != 0) from.Parse([&] { ResumeBlock(head.block); });
    done_.original_bytes = done_.resumed_bytes = head.bytes_before;
    done_.coded_bytes = head.archive_before;
    from.KeepOutput(head.bytes_before + head.original_bytes, head.original_hash,
                    hasher_);
    MakeModelOnce();
    from.ReadStates(*model_);
  }

  void ResumeBlock(std::span<const uint8_t> fields) {
    CheckCoded();
    ByteReader block(fields);
    for (int64_t i = 0; i < reader_.block().symbols; ++i) {
      symbols_.push_back(block.U16());
      if (symbols_.back() >= config_.alphabet) {
        throw Error(ErrorKind::kFormat, "a symbol is beyond the alphabet");
      }
    }
    cursor_ = ReadCursor(config_, std::ssize(symbols_), Streams(), block);
  }

  Checkpointer::Writer CheckpointWriterOfThis() {
    return [this](Sink& out) {
      MakeModelOnce();
      CheckpointHead head;
      head.direction = Direction::kDecompress;
      head.header = reader_.header_record();
      head.blocks = blocks_;
      head.stored_blocks = stored_;
      head.bytes_before = done_.original_bytes;
      head.archive_before = done_.coded_bytes;
      head.original_bytes = original_bytes_;
      head.link = link_;
      head.original_hash = hasher_.Digest();
      if (cursor_.step > 0) {
        ByteWriter block;
        for (const uint16_t symbol : symbols_) block.U16(symbol);
        WriteCursor(cursor_, block);
        head.block = block.Take();
      }
      WriteCheckpoint(std::move(head), *model_, /*before=*/{}, out);
    };
  }

  // Between two blocks a checkpoint may be written, also while this waits for
  // the rest of the archive.
  BlockKind NextBlock() {
    blocks_ = reader_.blocks();
    original_bytes_ = reader_.original_bytes();
    link_ = reader_.link();
    const Checkpointer::Writer write = CheckpointWriterOfThis();
    StoreIfDue(checkpointer_, done_.blocks + blocks_, write);
    if (checkpointer_ != nullptr) checkpointer_->Rest(write);
    const BlockKind kind = reader_.NextBlock();
    if (checkpointer_ != nullptr) checkpointer_->Rest({});
    link_ = reader_.link();
    CheckOutput(reader_.original_bytes());
    return kind;
  }

  void CheckOutput(int64_t bytes) const {
    bytes += done_.original_bytes;
    if (options_.max_output < 0 || bytes <= options_.max_output) return;
    throw Error(
        ErrorKind::kUnsupported,
        "holds " + std::to_string(bytes) + " bytes at least, the limit is " +
            std::to_string(options_.max_output) + "; raise --max-output");
  }

  void Stored() {
    ++stored_;
    if (reader_.block().model_restarts) {
      model_ = MakeModel(config_, *backend_);
    }
    Deliver(reader_.payload());
  }

  void CheckCoded() const {
    const BlockHeader& block = reader_.block();
    if (block.kind == BlockKind::kCoded &&
        block.symbols <= config_.block_symbols &&
        preparation_.Fits(block.symbols, block.original_bytes, block.plain) &&
        !block.model_restarts) {
      return;
    }
    throw Error(
        ErrorKind::kFormat,
        Name() + " does not fit its configuration; the archive is damaged");
  }

  std::vector<std::span<const uint8_t>> Streams() const {
    return SplitStreams(reader_.payload(),
                        StreamsOfBlock(config_, reader_.block().symbols));
  }

  // The bytes of the block at work that so many symbols of it are, about.
  int64_t OriginalDone(int64_t symbols) const {
    if (symbols_.empty()) return 0;
    return symbols * reader_.block().original_bytes / std::ssize(symbols_);
  }

  // Decodes the block into symbols_ from cursor_ on.
  void Coded() {
    std::vector<uint8_t> bytes;
    const Checkpointer::Writer write = CheckpointWriterOfThis();
    try {
      DecodeBlock(
          config_, Streams(), symbols_, *model_, cursor_,
          [&](int64_t done, int64_t coded) {
            progress_.original_bytes =
                done_.original_bytes + original_bytes_ + OriginalDone(done);
            progress_.coded_bytes = done_.coded_bytes + reader_.bytes_read() -
                                    std::ssize(reader_.payload()) + coded;
            if (options_.progress) options_.progress(progress_);
            StoreIfDue(checkpointer_, done_.blocks + blocks_, write);
          });
      bytes =
          preparation_.ToBytes(symbols_, reader_.block().plain, original_bytes_,
                               reader_.block().original_bytes);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kFormat) throw;
      Disagree();
    }
    symbols_.clear();
    cursor_ = {};
    if (HashBytes64(bytes) != reader_.block().original_hash) Disagree();
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
  Checkpointer* const checkpointer_;
  PartChain& chain_;
  Report done_;  // by the parts before
  ModelConfig config_;
  Preparation preparation_;
  bool resumed_ = false;
  std::unique_ptr<Backend>& backend_;  // the decoder's, as the next two
  std::unique_ptr<Model>& model_;
  StreamHasher& hasher_;
  // Finished blocks, their bytes, and the archive's L after them or after the
  // header of the block at work.
  int64_t blocks_ = 0;
  int64_t original_bytes_ = 0;
  uint64_t link_ = 0;
  int64_t stored_ = 0;
  std::vector<uint16_t> symbols_;  // of the block at work
  BlockCursor cursor_;             // in it
  Progress progress_;
};

}  // namespace

Report Decompress(Source& in, Sink& out, const CodecOptions& options) {
  auto decoder = std::make_unique<Decoder>();
  bool resume = options.checkpointer != nullptr &&
                options.checkpointer->Resumed() != nullptr;
  PartChain chain(options.open_part != nullptr, /*decodes=*/true,
                  /*first=*/resume ? 0 : 1);
  Report report;
  for (Source* archive = &in;;) {
    Decompressor part(*archive, out, options, chain, *decoder, report);
    report = part.Run(resume);
    if (!part.PartFollows()) return report;
    resume = false;
    archive = &options.open_part(chain.number() + 1);
    if (!chain.chained()) decoder = std::make_unique<Decoder>();
  }
}

}  // namespace nncpp
