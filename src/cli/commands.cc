// src/cli/commands.cc -- compress, decompress, test, list, help, version.
#include "src/cli/commands.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "kernels/make_backend.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/memory_stream.h"
#include "src/cli/alphabet.h"
#include "src/cli/checkpoint_file.h"
#include "src/cli/endpoints.h"
#include "src/cli/help.h"
#include "src/cli/prep_commands.h"
#include "src/cli/progress.h"
#include "src/cli/report.h"
#include "src/codec/codec.h"

namespace nncpp {
namespace {

// Decoding each block doubles the time, which a small input does not mind.
constexpr int64_t kSelfCheckBelow = 1'000'000;  // bytes

void Say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// A GPU, too, must compute what every sound build does.
std::unique_ptr<Backend> BackendOf(const Options& options, int64_t bytes) {
  std::unique_ptr<Backend> backend =
      MakeBackend(options.device, options.threads, bytes);
  const bool cpu = backend->Name() == CpuForm();
  if (!cpu) SelfTest(*backend);
  if (options.verbose) {
    Say("device:             " + Printable(backend->Name()) +
        (cpu ? " (CPU)\n" : " (GPU)\n"));
  }
  return backend;
}

// On a terminal a run that is over at once needs no notice.
constexpr double kWorthNoticing = 5;  // seconds

void SayExpectation(const Options& options, const std::string& name,
                    const Expectation& expected) {
  if (options.verbose) {
    Say(TableLine(expected.seconds < 0 ? "speed" : "time needed",
                  ExpectedTime(expected)));
  } else if (expected.seconds < 0 || expected.seconds >= kWorthNoticing) {
    Say(ExpectationLine(name, expected));
  }
}

CodecOptions CodecOptionsFor(const Options& options, const FileSource& in,
                             ProgressMeter& meter) {
  CodecOptions codec;
  codec.threads = options.threads;
  codec.memory_limit = options.memory_limit;
  codec.make_backend = [&options](int64_t bytes) {
    return BackendOf(options, bytes);
  };
  if (!options.dictionary.empty()) {
    codec.prep.dictionary =
        std::make_shared<Dictionary>(ReadDictionary(options.dictionary));
  }
  codec.max_output = options.max_output;
  if (options.verbose || DrawsProgress(options)) {
    codec.expectation = [&options, &in](const Expectation& expected) {
      SayExpectation(options, in.name(), expected);
    };
  }
  codec.progress = [&meter](const Progress& p) { meter.Update(p); };
  return codec;
}

void SayModel(const ModelConfig& config, bool self_check) {
  Say(ConfigTable(config));
  Say("memory needed:      " + FormatCount(MemoryNeeded(config, self_check)) +
      " bytes\n");
}

// What `-v` tells before a decode. Only a file can be read twice.
void SayArchive(const Options& options) {
  FileSource archive(options.input);
  if (options.input == "-" || !archive.Identity()) return;
  SayModel(List(archive).config, /*self_check=*/false);
}

// The checkpoints of a run, if it has any.
std::unique_ptr<CheckpointFile> CheckpointsFor(const Options& options,
                                               FileSource& in, Output& out) {
  if (out.part() == nullptr) return nullptr;
  return std::make_unique<CheckpointFile>(options, in, *out.part());
}

void RunCompress(Options options) {
  if (!options.checkpoint.empty()) CheckCheckpointName(options);
  if (options.resume && !options.config_given) {
    options.config = ConfigOfCheckpoint(options);
  }
  FileSource in(options.input);
  const int64_t size = in.SizeHint();
  const bool of_checkpoint = options.resume && !options.config_given;
  if (size >= 0 && !options.tables_given && !of_checkpoint) {
    FitTables(size, options.config);
  }
  if (options.wide_symbols && !of_checkpoint) FindAlphabet(in, options);
  const bool small = size >= 0 && size < kSelfCheckBelow;
  const bool self_check = options.self_check.value_or(small);
  Output out(options, in);
  if (options.verbose) SayModel(options.config, self_check);

  ProgressMeter meter(in.name(), -1, DrawsProgress(options));
  const auto checkpoints = CheckpointsFor(options, in, out);
  CodecOptions codec = CodecOptionsFor(options, in, meter);
  codec.self_check = self_check;
  codec.prep.learn_words = options.learn_words;
  codec.prep.goal = options.goal;
  codec.prep.wide_symbols = options.wide_symbols;
  if (options.primer) codec.prep.priming = Priming::kIfEnglish;
  codec.checkpointer = checkpoints.get();
  const Report report = Compress(in, out, options.config, codec);
  out.Finish(in);
  if (checkpoints) checkpoints->Remove();

  meter.Clear();
  if (options.quiet) return;
  Say(SummaryLine(in.name(), report, /*compressing=*/true, meter.Seconds()));
  if (options.verbose) {
    Say(self_check ? "self-check:         passed\n"
                   : "self-check:         not asked for\n");
  }
}

// Decompresses; with --salvage, what comes before damage is kept, under a name
// that says that it is not all.
Report DecompressOrSalvage(FileSource& in, Output& out,
                           const CodecOptions& codec) {
  try {
    return Decompress(in, out, codec);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat) throw;
    const std::string kept = out.FinishIncomplete();
    if (kept.empty()) throw;
    throw Error(ErrorKind::kFormat, std::string(error.what()) +
                                        "; what comes before it is in " + kept);
  }
}

void RunDecompress(const Options& options) {
  RefuseTerminalInput(options);
  if (!options.checkpoint.empty()) CheckCheckpointName(options);
  FileSource in(options.input);
  Output out(options, in);
  if (options.verbose) SayArchive(options);

  ProgressMeter meter(in.name(), in.SizeHint(), DrawsProgress(options));
  const auto checkpoints = CheckpointsFor(options, in, out);
  CodecOptions codec = CodecOptionsFor(options, in, meter);
  codec.checkpointer = checkpoints.get();
  const Report report = DecompressOrSalvage(in, out, codec);
  out.Finish(in);
  if (checkpoints) checkpoints->Remove();

  meter.Clear();
  if (options.quiet) return;
  Say(SummaryLine(in.name(), report, /*compressing=*/false, meter.Seconds()));
}

void RunTest(const Options& options) {
  RefuseTerminalInput(options);
  FileSource in(options.input);
  NullSink out;
  if (options.verbose) SayArchive(options);

  ProgressMeter meter(in.name(), in.SizeHint(), DrawsProgress(options));
  const Report report =
      Decompress(in, out, CodecOptionsFor(options, in, meter));
  meter.Clear();
  if (options.verbose) {
    Say(SummaryLine(in.name(), report, /*compressing=*/false, meter.Seconds()));
  }
  if (options.json) {
    PrintOut(TestJson(in.name(), report));
  } else if (!options.quiet) {
    PrintOut(Printable(in.name()) + ": ok\n");
  }
}

void RunList(const Options& options) {
  RefuseTerminalInput(options);
  FileSource in(options.input);
  const Listing listing = List(in);
  const int64_t memory = MemoryNeeded(listing.config, /*self_check=*/false);
  PrintOut(options.json ? ListingJson(in.name(), listing, memory)
                        : ListingTable(in.name(), listing, memory));
}

bool ComputesWithModel(Verb verb) {
  return verb == Verb::kCompress || verb == Verb::kDecompress ||
         verb == Verb::kTest;
}

}  // namespace

void RunCommand(const Options& options, std::string& subject) {
  if (ComputesWithModel(options.verb)) SelfTest();
  subject = options.input == "-" ? "standard input" : options.input;
  switch (options.verb) {
    case Verb::kCompress:
      return RunCompress(options);
    case Verb::kDecompress:
      return RunDecompress(options);
    case Verb::kTest:
      return RunTest(options);
    case Verb::kList:
      return RunList(options);
    case Verb::kPrepTrain:
      return RunPrepTrain(options);
    case Verb::kPrepEncode:
      return RunPrepEncode(options);
    case Verb::kPrepDecode:
      return RunPrepDecode(options);
    case Verb::kHelp:
      return PrintOut(HelpText(/*model_options=*/false));
    case Verb::kModelHelp:
      return PrintOut(HelpText(/*model_options=*/true));
    case Verb::kVersion:
      return PrintOut(VersionText());
  }
}

}  // namespace nncpp
