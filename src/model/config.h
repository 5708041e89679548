// src/model/config.h -- everything that decides what a model computes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/bytes.h"

namespace nncpp {

inline constexpr int64_t kLstm = 0;
inline constexpr int64_t kTransformer = 1;

// From here on match_bits stands for itself; below, matches look back on no
// more symbols than there are buckets (docs/numerics-mixing.md).
inline constexpr int64_t kFarMatchBits = 25;

// The configuration travels in the archive's header. Each field can be set by
// an option of the same name (underscores become dashes). Real numbers are
// stored as the bits of a float. The values here are where profiles begin, and
// ArchiveDefaults() too, which is part of the format: who changes one here sets
// the old one there.
struct ModelConfig {
  int64_t alphabet = 256;                     // V
  int64_t block_symbols = int64_t{1} << 20;   // symbols a block, at most
  int64_t streams = 2;                        // B: contiguous parts of a block
  int64_t stream_symbols = int64_t{1} << 17;  // a stream holds at least these
  int64_t steps = 32;                         // T: steps a segment
  int64_t layers = 2;
  int64_t cells = 192;       // C: LSTM cells a layer; a Transformer's width
  int64_t classic = 0;       // 1: four gates, not coupled, not normalised
  int64_t embedding = 0;     // E: width of the symbols' embedding; 0: a table
                             // of what each symbol adds to each layer's gates
  int64_t ngram_orders = 6;  // n-gram features of orders 1..this
  int64_t ngram_bits = 20;   // log2 of the slots of their table
  int64_t mixing = 0;        // context mixing: 0 none, 1 fast, 2 strong
  int64_t mixing_bits = 22;  // log2 of the buckets of 16 bytes for contexts
  float learning_rate = 4.5e-3f;
  float decay_updates = 2000;  // rate / sqrt(1 + updates / this)
  float beta2 = 0.9999f;
  float epsilon = 1e-8f;
  float clip = 4.0f;         // largest step of Adam in units of the rate
  float output_rate = 1.0f;  // of Adam, for what gives the logits
  float init_range = 1.0f;   // weights start within this / sqrt(cells)
  float table_range = 1.0f;  // and the symbols' tables within this
  float forget_bias = 1.0f;
  float ngram_rate = 0.4f;
  float ngram_decay = 0.4f;
  float ngram_scale = 1.0f;
  float ngram_scale_rate = 0.01f;
  int64_t replay_period = 0;  // symbols between replays; 0: no replay
  int64_t replay_passes = 1;  // periods replayed each time, the latest
  int64_t replay_streams = 4;
  int64_t replay_steps = 32;
  float replay_rate = 2e-3f;  // Adam's rate in replay, with a schedule
  float replay_decay = 1e4f;  // of its own
  float dropout = 0.1f;       // in replay
  int64_t model = 0;        // kLstm or kTransformer; the rest is the latter's:
  int64_t heads = 8;        // H of an attention; they divide the cells
  int64_t inner = 512;      // F: gated units of a layer
  int64_t positions = 128;  // P: symbols that attention looks at
  int64_t recent = 4;       // K: symbols with tables of their own
  int64_t position_vectors = 0;  // 1: the query sees the distance; 0: not
  int64_t head_norms = 0;        // 1: queries, keys, values normalised by head
  int64_t biases = 0;            // 1: also after gains and in gated units
  float position_rate = 16.0f;   // of Adam, for the distances' biases
  uint64_t seed = 0;
  int64_t jpeg = 0;     // 1: scans of JPEG files have models of their own
  int64_t samples = 0;  // 1: numbers are predicted as pictures and sounds are,
                        // 2: bits as pixels are
  int64_t match_bits = 24;   // log2 of the symbols that matches look back on
  int64_t direct_bits = 17;  // log2 of the lines of each direct probability
  bool operator==(const ModelConfig&) const = default;
};

// Rows, streams and steps of the largest segment, replay's among them.
int64_t SegmentRows(const ModelConfig& config);
int64_t MostStreams(const ModelConfig& config);
int64_t MostSteps(const ModelConfig& config);

// One row per field, in the order of the archive (docs/format.md): the codec
// writes them, `nncpp l` prints them, the command line offers them.
struct ConfigField {
  std::string_view name;        // as in the option: "learning-rate"
  std::string_view help;        // one line, with the unit
  int64_t ModelConfig::*whole;  // exactly one of these three is set
  float ModelConfig::*real;
  uint64_t ModelConfig::*bits;
  double minimum;
  double maximum;
};
const std::vector<ConfigField>& ConfigFields();

// Throws Error(kUsage) naming the first field that is out of range.
void CheckConfig(const ModelConfig& config);

// Profiles by name ("default", "tiny", "transformer", ...). Throws
// Error(kUsage) with the list of names when there is none called `name`.
ModelConfig ProfileConfig(std::string_view name);
std::vector<std::string> ProfileNames();

// Makes tables smaller that an input of so many bytes, and a primer of so many,
// would not fill, or gain little by; and those larger that go with many buckets
// and far matches.
void FitTables(int64_t bytes, int64_t primer_bytes, ModelConfig& config);

// Halves the tables that are larger than the default level's. Returns whether
// there are such.
bool HalveLargeTables(ModelConfig& config);

// What a header does not say: the default level for a large input. Part of the
// format, so it stays whatever becomes of the profiles.
ModelConfig ArchiveDefaults();

// docs/format.md, "Configuration": the fields that differ from
// ArchiveDefaults(). ParseConfig throws Error(kFormat), also for what
// WriteConfig would spell otherwise, or Error(kUnsupported) for a field or a
// value this build does not know.
void WriteConfig(const ModelConfig& config, ByteWriter& out);
std::vector<uint8_t> ConfigBytes(const ModelConfig& config);  // by WriteConfig
ModelConfig ParseConfig(ByteReader& in);

}  // namespace nncpp
