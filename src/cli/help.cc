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
  help [all]              this text; all: with the model options

IN and OUT may be -, standard input and output. The input is kept; its mode
and its time of modification go over to the output.

Options:
  -f, --force             overwrite OUT; write to a terminal or a device
  -q, --quiet             say nothing but errors
  -v, --verbose           say more: the model, memory, the self-check
  -T, --threads N         threads to use; 0: one per core (default)
  -M, --memory-limit N    refuse to need more bytes; 500M, 2GiB, ... are read
      --no-progress       no progress line on the terminal
      --json              for t and l: machine-readable
  -h, --help              this text
      --help-all          this text with the model options
  -V, --version           version of the program, the format, the numerics

Options of compress:
      --profile NAME      model options: )";

// Three lines per row of ConfigFields().
std::string ModelOptions() {
  std::string text = "\nModel options of compress, stored in the archive:\n";
  const ModelConfig config = ProfileConfig("default");
  for (const ConfigField& field : ConfigFields()) {
    text += "      --" + std::string(field.name) + " N\n        " +
            std::string(field.help) + "\n        from " +
            FormatReal(field.minimum) + " to " + FormatReal(field.maximum) +
            ", default " + FieldText(field, config) + "\n";
  }
  return text;
}

}  // namespace

std::string HelpText(bool model_options) {
  std::string text = kUsage;
  const std::vector<std::string> names = ProfileNames();
  for (size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  text += R"(
      --self-check        decode while encoding (default below 1 MB of input)
      --no-self-check     do not
)";
  if (model_options) return text + ModelOptions();
  return text + "Model options are stored in the archive; see --help-all.\n";
}

}  // namespace nncpp
