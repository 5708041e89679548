// src/cli/report.h -- what the program says, and with which exit status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/error.h"
#include "src/codec/codec.h"
#include "src/model/config.h"

namespace nncpp {

inline constexpr std::string_view kProgramVersion = "1.1.0";

// "nncpp 1.1.0 (archive format 1, numerics 1)" and the end of the line.
std::string VersionText();

// The shortest decimal that reads back as the same number: "0.003".
std::string FormatReal(float value);
std::string FormatReal(double value);

// The value of one field, as the option of its name takes it.
std::string FieldText(const ConfigField& field, const ModelConfig& config);

// The largest value that it takes.
std::string MaximumText(const ConfigField& field);

// 1000000 -> "1,000,000".
std::string FormatCount(int64_t count);

// Bytes a second, in kB (1000 bytes) or MB: "19.5 kB/s".
std::string FormatRate(double bytes_per_second);

// "about 3 min", or "less than a second": a time that is not known any better.
std::string FormatAbout(double seconds);

// What a run will take, without a line end: "about 55 s (18.2 kB/s)", or the
// speed alone where the size is not known.
std::string ExpectedTime(const Expectation& expected);

// The same on a line of its own, with the memory: "IN: needs 876,000,000 bytes
// of memory and about 55 s (18.2 kB/s)".
std::string ExpectationLine(const std::string& name,
                            const Expectation& expected);

// Coded bits per byte of the original; 0 for an empty original.
double BitsPerByte(int64_t original_bytes, int64_t coded_bytes);
std::string FormatBits(double bits_per_byte);  // "1.960"

// `text` with every control byte as \xNN, so that it is one line and cannot
// command a terminal.
std::string Printable(std::string_view text);

// `text` in quotes, as JSON wants it. Bytes that are not UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

// Exit status of an error: docs/cli.md.
int ExitStatus(ErrorKind kind);

// The one line of an error, with its end: "nncpp: FILE: MESSAGE; ADVICE".
// `subject`, the archive at work, is put before errors that tell of it but
// cannot know its name; advice is added where the message has none.
std::string ErrorLine(ErrorKind kind, std::string_view message,
                      std::string_view subject);

// "IN: 1,000,000 -> 245,000 bytes, 1.960 bits/byte, 51.2 s, 19.5 kB/s".
// Both sizes in the order of the direction; the rate is that of the original.
std::string SummaryLine(const std::string& name, const Report& report,
                        bool compressing, double seconds);

// One line, for one field: "cells:              320".
std::string TableLine(std::string name, const std::string& value);

// One line per field.
std::string ConfigTable(const ModelConfig& config);

// `nncpp l`, for people and for programs. `memory_bytes` is what decoding
// needs.
std::string ListingTable(const std::string& name, const Listing& listing,
                         int64_t memory_bytes);
std::string ListingJson(const std::string& name, const Listing& listing,
                        int64_t memory_bytes);

// `nncpp t --json` for an archive that was found sound.
std::string TestJson(const std::string& name, const Report& report);

}  // namespace nncpp
