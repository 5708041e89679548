// src/model/config.cc -- contract: src/model/config.h
#include "src/model/config.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <utility>

#include "src/base/error.h"

namespace nncpp {
namespace {

using C = ModelConfig;

ConfigField Whole(std::string_view name, std::string_view help,
                  int64_t C::*field, double minimum, double maximum) {
  return {name, help, field, nullptr, nullptr, minimum, maximum};
}
ConfigField Real(std::string_view name, std::string_view help, float C::*field,
                 double minimum, double maximum) {
  return {name, help, nullptr, field, nullptr, minimum, maximum};
}

std::string Number(double x) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", x);
  return text;
}

// The value of a field as a number, for its range.
double Value(const ModelConfig& config, const ConfigField& field) {
  if (field.whole != nullptr) return static_cast<double>(config.*field.whole);
  if (field.real != nullptr) return static_cast<double>(config.*field.real);
  return 0;  // every value of a bits field is allowed
}

// The first field out of its range, or null. Not-a-number is out of range.
const ConfigField* FirstBad(const ModelConfig& config) {
  for (const ConfigField& field : ConfigFields()) {
    if (field.bits != nullptr) continue;
    const double x = Value(config, field);
    if (!(x >= field.minimum && x <= field.maximum)) return &field;
  }
  return nullptr;
}

// Why a configuration whose fields are all in range cannot be, or null.
const char* Contradiction(const ModelConfig& config) {
  if (config.layers == 0 && config.mixing == 0) {
    return "--layers and --mixing are both 0: there is nothing to predict with";
  }
  if (config.model == kTransformer && config.cells % config.heads != 0) {
    return "--heads does not divide --cells";
  }
  const bool bytes =
      config.mixing == 2 && config.streams == 1 && config.alphabet == 256;
  if (config.jpeg != 0 && !bytes) {
    return "--jpeg 1 needs --mixing 2, --streams 1 and bytes";
  }
  if (config.samples != 0 && !bytes) {
    return "--samples needs --mixing 2, --streams 1 and bytes";
  }
  return nullptr;
}

// Whether both would be written alike: 0 and -0 would not.
bool SameBits(const ConfigField& field, const ModelConfig& a,
              const ModelConfig& b) {
  if (field.whole != nullptr) return a.*field.whole == b.*field.whole;
  if (field.bits != nullptr) return a.*field.bits == b.*field.bits;
  return std::bit_cast<uint32_t>(a.*field.real) ==
         std::bit_cast<uint32_t>(b.*field.real);
}

// Ranges are for the caller to check, but for what no field could hold.
void ReadField(const ConfigField& field, ByteReader& in, ModelConfig& config) {
  if (field.real != nullptr) {
    config.*field.real = std::bit_cast<float>(in.U32());
    return;
  }
  const uint64_t value = in.Varint();
  if (field.bits != nullptr) {
    config.*field.bits = value;
    return;
  }
  if (value > uint64_t{1} << 40) {
    throw Error(ErrorKind::kUnsupported,
                std::string(field.name) + " is out of range in the header");
  }
  config.*field.whole = static_cast<int64_t>(value);
}

}  // namespace

const std::vector<ConfigField>& ConfigFields() {
  static const std::vector<ConfigField> fields = {
      Whole("alphabet", "symbols of the model (bytes: 256)", &C::alphabet, 2,
            65535),
      Whole("block-symbols", "symbols a block at most", &C::block_symbols, 64,
            1 << 24),
      Whole("streams", "parts of a block coded side by side", &C::streams, 1,
            1024),
      Whole("stream-symbols",
            "symbols a stream at least; short blocks have "
            "fewer streams",
            &C::stream_symbols, 1, 1 << 24),
      Whole("steps", "steps of a segment, after which the model learns",
            &C::steps, 1, 1024),
      Whole("layers", "layers of the net; 0: no net", &C::layers, 0, 64),
      Whole("cells", "LSTM cells a layer, or a Transformer's width", &C::cells,
            1, 8192),
      Whole("classic", "1: cells of four gates, not normalised; 0: coupled",
            &C::classic, 0, 1),
      Whole("embedding", "width of the symbols' embedding; 0: a table a layer",
            &C::embedding, 0, 8192),
      Whole("ngram-orders", "n-gram features of orders 1 to this; 0: none",
            &C::ngram_orders, 0, 8),
      Whole("ngram-bits", "log2 of the slots of 64 bytes for n-grams",
            &C::ngram_bits, 4, 24),
      Whole("mixing", "context mixing: 0 none, 1 fast, 2 strong", &C::mixing, 0,
            2),
      Whole("mixing-bits", "log2 of the buckets of 16 bytes for contexts",
            &C::mixing_bits, 10, 28),
      Real("learning-rate", "Adam's rate at the start", &C::learning_rate, 0,
           1),
      Real("decay-updates", "rate is divided by sqrt(1 + updates / this)",
           &C::decay_updates, 1, 1e12),
      Real("beta2", "decay of Adam's second moment", &C::beta2, 0, 0.9999999),
      Real("epsilon", "added to the root of Adam's second moment", &C::epsilon,
           1e-13, 1),
      Real("clip", "largest step of a weight in units of the rate", &C::clip,
           1e-3, 1e6),
      Real("output-rate", "rate of what gives the logits, times Adam's",
           &C::output_rate, 0, 1024),
      Real("init-range", "weights start within this / sqrt(cells)",
           &C::init_range, 0, 64),
      Real("table-range", "the symbols' tables start within this",
           &C::table_range, 0, 64),
      Real("forget-bias", "start of the forget gate's bias", &C::forget_bias,
           -64, 64),
      Real("ngram-rate", "step of an n-gram seen first", &C::ngram_rate, 0, 64),
      Real("ngram-decay", "step is divided by sqrt(1 + this * count)",
           &C::ngram_decay, 0, 64),
      Real("ngram-scale", "scale of an n-gram's weights at the start",
           &C::ngram_scale, 0, 16),
      Real("ngram-scale-rate", "step of those scales", &C::ngram_scale_rate, 0,
           1),
      Whole("replay-period", "symbols between replays of the past; 0: none",
            &C::replay_period, 0, 1 << 28),
      Whole("replay-passes", "times that each symbol is replayed",
            &C::replay_passes, 1, 128),
      Whole("replay-streams", "parts of them learnt side by side",
            &C::replay_streams, 1, 1024),
      Whole("replay-steps", "steps of a segment in replay", &C::replay_steps, 1,
            1024),
      Real("replay-rate", "Adam's rate in replay, at the start",
           &C::replay_rate, 0, 1),
      Real("replay-decay", "it is divided by sqrt(1 + updates / this)",
           &C::replay_decay, 1, 1e12),
      Real("dropout", "share of outputs dropped in replay", &C::dropout, 0,
           0.9),
      Whole("model", "0: LSTM; 1: Transformer", &C::model, 0, 1),
      Whole("heads", "attention's heads a layer; they divide the cells",
            &C::heads, 1, 64),
      Whole("inner", "gated units of a Transformer's layer", &C::inner, 1,
            1 << 15),
      Whole("positions", "symbols that attention looks back on", &C::positions,
            1, 4096),
      Whole("recent", "symbols that enter the first layer as tables",
            &C::recent, 1, 16),
      Whole("position-vectors", "1: queries see distances; 0: biases alone",
            &C::position_vectors, 0, 1),
      Whole("head-norms", "1: queries, keys, values normalised by head; 0: not",
            &C::head_norms, 0, 1),
      Whole("biases", "1: biases after gains and in gated units; 0: none",
            &C::biases, 0, 1),
      Real("position-rate", "rate of the distances' biases, times Adam's",
           &C::position_rate, 0, 1024),
      {"seed", "seed of the initial weights and the rounding noise", nullptr,
       nullptr, &C::seed, 0, 18446744073709551615.0},
      Whole("jpeg", "1: scans of JPEG files have models of their own; 0: not",
            &C::jpeg, 0, 1),
      Whole("samples", "1: numbers as in pictures, sounds; 2: bits as pixels",
            &C::samples, 0, 2),
      Whole("match-bits", "log2 of the symbols that matches look back on",
            &C::match_bits, 10, 28),
      Whole("direct-bits",
            "log2 of the lines of 64 bytes of each direct probability",
            &C::direct_bits, 10, 22),
  };
  return fields;
}

void FitTables(int64_t bytes, int64_t primer_bytes, ModelConfig& config) {
  // Buckets that a byte takes at most, and slots of n-grams, as powers of two.
  constexpr int64_t kBuckets = 7, kSlots = 4, kLeast = 5;
  // To less than 2^20 bytes more buckets are worth 0.1 %, and take 0.3 GB.
  constexpr int64_t kModest = int64_t{1} << 20, kModestBuckets = 24;
  // More than 2^25 are worth 0.3 % each time where a byte has no more than 8.
  constexpr int64_t kLarge = 3;
  const auto width = static_cast<int64_t>(
      std::bit_width(static_cast<uint64_t>(bytes + primer_bytes)));
  const int64_t size = std::max(kLeast, width);
  if (config.mixing > 0) {
    const ModelConfig usual = ArchiveDefaults();
    // The default level is to stay below 1 GB.
    const int64_t farthest =
        config.mixing_bits == usual.mixing_bits
            ? kFarMatchBits
            : std::max(config.mixing_bits, kFarMatchBits + 1);
    const int64_t most = bytes < kModest
                             ? kModestBuckets
                             : std::max(usual.mixing_bits, kLarge + size);
    config.mixing_bits = std::min({config.mixing_bits, kBuckets + size, most});
    config.match_bits = size <= std::min(usual.match_bits, config.mixing_bits)
                            ? usual.match_bits
                            : std::clamp(size, kFarMatchBits, farthest);
    config.direct_bits =
        usual.direct_bits +
        std::max<int64_t>(config.mixing_bits - usual.mixing_bits, 0);
  }
  if (config.ngram_orders > 0) {
    config.ngram_bits = std::min(config.ngram_bits, kSlots + size);
  }
}

bool HalveLargeTables(ModelConfig& config) {
  const ModelConfig before = config, usual = ArchiveDefaults();
  for (const auto field : {&C::mixing_bits, &C::match_bits, &C::direct_bits}) {
    if (config.*field > usual.*field) --(config.*field);
  }
  return config != before;
}

int64_t SegmentRows(const ModelConfig& config) {
  const int64_t rows = config.steps * config.streams;
  if (config.replay_period == 0) return rows;
  return std::max(rows, config.replay_steps * config.replay_streams);
}

int64_t MostStreams(const ModelConfig& config) {
  if (config.replay_period == 0) return config.streams;
  return std::max(config.streams, config.replay_streams);
}

int64_t MostSteps(const ModelConfig& config) {
  if (config.replay_period == 0) return config.steps;
  return std::max(config.steps, config.replay_steps);
}

void CheckConfig(const ModelConfig& config) {
  const ConfigField* bad = FirstBad(config);
  if (bad == nullptr) {
    if (const char* why = Contradiction(config)) {
      throw Error(ErrorKind::kUsage, why);
    }
    return;
  }
  throw Error(ErrorKind::kUsage,
              "--" + std::string(bad->name) + ": " +
                  Number(Value(config, *bad)) + " is out of range; use " +
                  Number(bad->minimum) + " to " + Number(bad->maximum));
}

ModelConfig ArchiveDefaults() {
  ModelConfig c;
  c.streams = 1;
  c.layers = 1;
  c.cells = 32;
  c.ngram_orders = 4;
  c.mixing = 2;
  c.mixing_bits = 25;
  c.learning_rate = 0.008f;
  c.clip = 16;
  c.output_rate = 4;
  c.ngram_scale_rate = 0.006f;
  return c;
}

void WriteConfig(const ModelConfig& config, ByteWriter& out) {
  const ModelConfig defaults = ArchiveDefaults();
  uint64_t stand = 0;
  uint64_t bit = 1;
  for (const ConfigField& field : ConfigFields()) {
    if (!SameBits(field, config, defaults)) stand |= bit;
    bit <<= 1;
  }
  out.Varint(stand);
  for (const ConfigField& field : ConfigFields()) {
    if (SameBits(field, config, defaults)) continue;
    if (field.whole != nullptr) {
      out.Varint(static_cast<uint64_t>(config.*field.whole));
    } else if (field.real != nullptr) {
      out.U32(std::bit_cast<uint32_t>(config.*field.real));
    } else {
      out.Varint(config.*field.bits);
    }
  }
}

std::vector<uint8_t> ConfigBytes(const ModelConfig& config) {
  ByteWriter fields;
  WriteConfig(config, fields);
  return fields.Take();
}

ModelConfig ParseConfig(ByteReader& in) {
  const ModelConfig defaults = ArchiveDefaults();
  ModelConfig config = defaults;
  uint64_t stand = in.Varint();  // bit 0: the next field
  for (const ConfigField& field : ConfigFields()) {
    if ((std::exchange(stand, stand >> 1) & 1) == 0) continue;
    ReadField(field, in, config);
    if (SameBits(field, config, defaults)) {
      throw Error(ErrorKind::kFormat,
                  std::string(field.name) +
                      " stands in the header although it has its default");
    }
  }
  if (stand != 0) {
    throw Error(ErrorKind::kUnsupported,
                "the model has fields that this program does not know; use the "
                "nncpp that made the archive");
  }
  if (in.remaining() != 0) {
    throw Error(ErrorKind::kFormat, "bytes follow the model's fields");
  }
  if (const ConfigField* bad = FirstBad(config)) {
    throw Error(ErrorKind::kUnsupported,
                std::string(bad->name) + " is out of range in the header");
  }
  if (const char* why = Contradiction(config)) {
    throw Error(ErrorKind::kUnsupported, why);
  }
  return config;
}

}  // namespace nncpp
