// src/cli/option_names.cc -- contract: option_names.h
#include "src/cli/option_names.h"

#include <string_view>

#include "src/base/error.h"

namespace nncpp {
namespace {

constexpr std::string_view kSuffix = ".nncpp";

}  // namespace

Verb PrepVerb(const std::string& action) {
  if (action == "train") return Verb::kPrepTrain;
  if (action == "encode") return Verb::kPrepEncode;
  if (action == "decode") return Verb::kPrepDecode;
  throw Error(ErrorKind::kUsage,
              (action.empty() ? std::string("prep: no action named")
                              : "prep " + action + ": no such action") +
                  "; use train, encode or decode, as in nncpp prep train IN "
                  "OUT");
}

void TakeMoreNames(const std::vector<std::string>& names, Options& options) {
  if (names.empty()) return;
  options.inputs = {options.input, options.output};
  options.inputs.insert(options.inputs.end(), names.begin(), names.end());
  options.output = options.inputs.back();
  options.inputs.pop_back();
}

std::string DefaultOutput(Verb verb, const std::string& input) {
  if (input == "-") return "-";
  if (verb == Verb::kCompress) return input + std::string(kSuffix);
  const size_t slash = input.rfind('/');
  const std::string name =
      slash == std::string::npos ? input : input.substr(slash + 1);
  if (name.size() > kSuffix.size() && name.ends_with(kSuffix)) {
    return input.substr(0, input.size() - kSuffix.size());
  }
  throw Error(ErrorKind::kUsage,
              input + ": gives no name for the output; use nncpp d IN OUT");
}

}  // namespace nncpp
