// src/cli/help.cc -- contract: help.h
#include "src/cli/help.h"

#include <vector>

#include "src/cli/report.h"
#include "src/model/config.h"

namespace nncpp {
namespace {

constexpr const char* kUsage =
    R"(Usage: nncpp COMMAND [OPTIONS] FILES

Compresses with a neural net that learns the file while it codes it.
Archives open on every machine: the arithmetic is exact.

Commands:
  c, compress IN [OUT]    compress IN to OUT (default: IN.nncpp)
  d, decompress IN [OUT]  decompress (default: IN without .nncpp)
  t, test FILE            decompress, check everything, write nothing
  l, list, info FILE      say what is inside
  c IN1 IN2 ... OUT       several files into one archive, with their names
  d IN FOLDER             such an archive's files, into a folder
  prep train IN OUT       learn a dictionary from IN
  prep encode IN OUT      IN as symbols of a dictionary, two bytes each
  prep decode IN OUT      symbols back to bytes
  split, join             IN into N pieces OUT.001, ..., and back
  help [all]              this text; all: with the model options

IN and OUT may be -, standard input and output. The input is kept; its mode
and its time of modification go over to the output.

Options:
  -f, --force             overwrite OUT; write to a terminal or a device
  -q, --quiet             say nothing but errors
  -v, --verbose           say more: the model, memory, time, the self-check
  -T, --threads N         threads to use; 0: one per core (default)
  -M, --memory-limit N    for c, d and t: refuse to need more bytes (500M, 2GiB)
      --device NAME       where to compute: auto, cpu, cuda or cuda:N; auto (the
                          default) takes a GPU if there is one
      --max-output N      for d and t: refuse an original of more bytes
      --no-progress       no progress line on the terminal
      --json              for t and l: machine-readable
      --dictionary FILE   the words to use, as prep train writes them
      --dictionary-words N, --min-frequency N
                          of prep train and c: words at most (4096, 768), and
                          how often one must occur (16)
  -h, --help              this text
      --help-all          this text with the model options
  -V, --version           version of the program, the format, the numerics

Options of compress and decompress:
      --checkpoint FILE   write the state of the run to FILE again and again
      --checkpoint-every N  how often: 90s, 10m, 2h, or blocks (default 5m)
      --resume            go on from the checkpoint
      --salvage           decompress: keep what comes before damage
      --only NAME         decompress: this one of several files

Options of compress:
      --parts N           write OUT.001, OUT.002, ..., of equal pieces; d, t and
                          l take them by the name OUT
      --part-size S       the same, of S bytes of the input each
      --independent       each part decodes alone; otherwise each goes on with
                          what the model has learnt in those before
      --one-part          end after each part; --resume makes the next
  -1 ... -9               faster ... smaller: the profiles of those names
      --profile NAME      model options: )";

// Three lines per row of ConfigFields().
std::string ModelOptions() {
  std::string text = "\nModel options of compress, stored in the archive:\n";
  const ModelConfig config = ProfileConfig("default");
  for (const ConfigField& field : ConfigFields()) {
    text += "      --" + std::string(field.name) + " N\n        " +
            std::string(field.help) + "\n        from " +
            FormatReal(field.minimum) + " to " + MaximumText(field) +
            ", default " + FieldText(field, config) + "\n";
  }
  return text;
}

}  // namespace

std::string HelpText(bool model_options) {
  std::string text = kUsage;
  const std::vector<std::string> names = ProfileNames();
  for (const std::string& name : names) {
    text += "\n                            " + name;
  }
  text += R"(
      --self-check        decode while encoding (default below 1 MB of input)
      --no-self-check     do not
      --symbols u16       IN is symbols of two bytes, the high one first
      --prep              learn words of the input: faster, but larger so far
      --prime FILE        learn FILE first; d and t need it too
      --no-primer         do not let the model learn texts of ours first
      --no-prep           neither words, primer, addresses nor inflated streams
)";
  if (model_options) return text + ModelOptions();
  return text + "Model options are stored in the archive; see --help-all.\n";
}

}  // namespace nncpp
