// src/cli/option_values.h -- the text after an option, as a number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/cli/options.h"
#include "src/model/config.h"

namespace nncpp {

// All of these throw Error(kUsage) that names the option and what is possible.

// Sets a field of the configuration.
void SetField(const ConfigField& field, std::string_view text,
              ModelConfig& config);

// Of an option of bytes: "500M", "1.5GiB". 1k is 1000 bytes and 1KiB is 1024,
// in either case. (CLI11's own reader of sizes takes -5 and loses digits of
// fractions.)
int64_t ParseSize(const std::string& option, std::string_view text);

// A whole number in a range, or `none` where nothing is given.
int64_t ParseCount(const char* option, std::string_view text, int64_t minimum,
                   int64_t maximum, int64_t none);

// Of --threads: 0 to 1024.
int ParseThreads(std::string_view text);

// "auto", "cpu", "cuda" or "cuda:N".
Device ParseDevice(std::string_view text);

// Of --checkpoint-every: "90s", "10m", "2h", "1d" is a time; a plain number
// counts blocks.
CheckpointEvery ParseEvery(std::string_view text);

}  // namespace nncpp
