// src/cli/part_options.cc -- contract: part_options.h
#include "src/cli/part_options.h"

#include "src/base/error.h"
#include "src/cli/option_values.h"
#include "src/format/archive.h"

namespace nncpp {
namespace {

// What prep encode writes for a symbol.
constexpr int64_t kSymbolBytes = 2;

}  // namespace

void AddPartOptions(CLI::App& app, const char* group, const char* pieces,
                    PartTexts& texts) {
  app.add_option("--parts", texts.parts)->type_name("number")->group(pieces);
  app.add_option("--part-size", texts.part_size)
      ->type_name("size")
      ->group(pieces);
  app.add_flag("--independent", texts.independent)->group(group);
  app.add_flag("--one-part", texts.one_part)->group(group);
}

void ReadParts(const PartTexts& texts, Options& options) {
  PartPlan& plan = options.parts;
  plan.independent = texts.independent;
  options.one_part = texts.one_part;
  if (!texts.parts.empty() && !texts.part_size.empty()) {
    throw Error(ErrorKind::kUsage,
                "--parts: contradicts --part-size; leave one of them out");
  }
  plan.count = ParseCount("--parts", texts.parts, 1, kMaxParts, 0);
  if (!texts.part_size.empty()) {
    plan.bytes = ParseSize("--part-size", texts.part_size);
    if (plan.bytes < 1 || plan.bytes > kMaxOriginalBytes) {
      throw Error(ErrorKind::kUsage, "--part-size " + texts.part_size +
                                         ": not possible; give 1 to " +
                                         std::to_string(kMaxOriginalBytes));
    }
  }
  if (options.wide_symbols) plan.unit = kSymbolBytes;
  if (options.wide_symbols &&
      (plan.independent || plan.bytes % kSymbolBytes != 0 ||
       !options.inputs.empty())) {
    throw Error(ErrorKind::kUsage,
                "--symbols u16: takes one input, and chained parts of an even "
                "size");
  }
  if (options.verb == Verb::kSplit) {
    plan.unit = kSymbolBytes;
    if (!plan.any() || plan.bytes % kSymbolBytes != 0) {
      throw Error(ErrorKind::kUsage,
                  "split: into how many pieces, or of what even size? add "
                  "--parts or --part-size");
    }
  }
  if (!plan.any()) {
    if (!texts.independent && !texts.one_part) return;
    throw Error(
        ErrorKind::kUsage,
        std::string(texts.independent ? "--independent" : "--one-part") +
            ": there are no parts; add --parts or --part-size");
  }
  if (!options.inputs.empty()) {
    throw Error(ErrorKind::kUsage,
                "several inputs: go into one archive, not into parts; pack "
                "them with tar, or leave the parts out");
  }
  if (options.output == "-") {
    throw Error(ErrorKind::kUsage,
                "standard output: takes no parts; name an output");
  }
  if (texts.one_part && options.checkpoint.empty()) {
    throw Error(
        ErrorKind::kUsage,
        "--one-part: needs a checkpoint to go on from; add --checkpoint "
        "FILE");
  }
}

}  // namespace nncpp
