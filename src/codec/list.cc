// src/codec/list.cc -- List of src/codec/codec.h
#include "src/base/hash.h"
#include "src/codec/codec.h"
#include "src/codec/part_chain.h"
#include "src/format/archive_reader.h"

namespace nncpp {

Listing List(Source& in, const OpenPart& open_part, int64_t first) {
  PartChain chain(/*set=*/open_part != nullptr, /*decodes=*/false, first);
  Listing listing;
  listing.format_version = static_cast<int>(kFormatNumber);
  listing.numerics_version = static_cast<int>(kNumericsNumber);
  for (Source* archive = &in;; archive = &open_part(chain.number() + 1)) {
    ArchiveReader reader(*archive);
    const ArchiveHeader& header = reader.ReadHeader();
    chain.Begin(header);
    ByteReader fields(header.config);
    const ModelConfig config = ParseConfig(fields);
    if (archive == &in) {
      listing.config = config;
      listing.part = header.part;
      listing.symbols = Preparation::SymbolsOf(header.preparation);
      if (!header.files.empty()) {
        listing.files = ParseFiles(header.files, *header.original_bytes);
      }
    }
    for (;;) {
      const BlockKind kind = reader.NextBlock();
      if (kind == BlockKind::kEnd) break;
      if (kind == BlockKind::kStored) ++listing.stored_blocks;
    }
    listing.original_bytes += reader.original_bytes();
    listing.archive_bytes += reader.bytes_read();
    listing.blocks += reader.blocks();
    if (open_part) ++listing.parts;
    if (listing.parts <= 1 || chain.chained()) {
      listing.original_hash = HashText(reader.end().original_hash);
    } else {
      listing.original_hash.clear();
    }
    if (!chain.End(reader.link(), reader.end().part_follows)) return listing;
  }
}

}  // namespace nncpp
