// src/cli/commands.cc -- compress, decompress, test, list, help, version.
#include "src/cli/commands.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/make_backend.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/head_source.h"
#include "src/base/machine.h"
#include "src/base/memory_stream.h"
#include "src/cli/alphabet.h"
#include "src/cli/checkpoint_file.h"
#include "src/cli/endpoints.h"
#include "src/cli/file_series.h"
#include "src/cli/fit.h"
#include "src/cli/help.h"
#include "src/cli/own_files.h"
#include "src/cli/part_input.h"
#include "src/cli/part_output.h"
#include "src/cli/prep_commands.h"
#include "src/cli/progress.h"
#include "src/cli/report.h"
#include "src/codec/codec.h"
#include "src/format/archive_reader.h"

namespace nncpp {
namespace {

// Decoding each block doubles the time, which a small input does not mind.
constexpr int64_t kSelfCheckBelow = 1'000'000;  // bytes

void Say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// A GPU, too, must compute what every sound build does.
std::unique_ptr<Backend> BackendOf(const Options& options, int64_t bytes,
                                   int threads) {
  std::unique_ptr<Backend> backend =
      MakeBackend(options.device, threads, bytes);
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

CodecOptions CodecOptionsFor(const Options& options, const std::string& name,
                             ProgressMeter& meter) {
  CodecOptions codec;
  codec.threads = options.threads;
  codec.memory_limit = options.memory_limit;
  codec.make_backend = [&options](int64_t bytes, int threads) {
    return BackendOf(options, bytes, threads);
  };
  if (!options.dictionary.empty()) {
    codec.prep.dictionary =
        std::make_shared<Dictionary>(ReadDictionary(options.dictionary));
  }
  if (!options.prime.empty()) {
    codec.prep.own_primer = std::make_shared<const std::vector<uint8_t>>(
        ReadOwnPrimer(options.prime));
  }
  codec.max_output = options.max_output;
  if (options.verbose || DrawsProgress(options)) {
    codec.expectation = [&options, name](const Expectation& expected) {
      SayExpectation(options, name, expected);
    };
  }
  codec.progress = [&meter](const Progress& p) { meter.Update(p); };
  return codec;
}

void SayModel(const ModelConfig& config, int64_t memory) {
  Say(ConfigTable(config));
  Say("memory needed:      " + FormatCount(memory) + " bytes\n");
}

// What `-v` tells before a decode from part `first` on. Only a file can be read
// twice.
void SayArchive(const Options& options, PartInput& input, int64_t first = 1) {
  const auto archive = input.Open(first);
  if (options.input == "-" || !archive->Identity()) return;
  ArchiveReader reader(*archive);
  ByteReader fields(reader.ReadHeader().config);
  const ModelConfig config = ParseConfig(fields);
  SayModel(config, MemoryToDecode(config));
}

// The checkpoints of a run, if it has any.
std::unique_ptr<CheckpointFile> CheckpointsFor(const Options& options,
                                               FileSource& in, PartFile* out) {
  if (out == nullptr) return nullptr;
  return std::make_unique<CheckpointFile>(options, in, *out);
}

void RunCompress(Options options) {
  if (!options.checkpoint.empty()) CheckCheckpointName(options);
  CheckpointSummary from;
  if (options.resume) from = SummaryOfCheckpoint(options);
  if (options.resume && !options.config_given) options.config = from.config;
  FileSource in(options.input);
  std::unique_ptr<FileSeries> several;
  if (!options.inputs.empty()) {
    several = std::make_unique<FileSeries>(options.inputs);
  }
  HeadSource source(several ? static_cast<Source&>(*several) : in);
  const std::string name = several ? options.output : in.name();
  ProgressMeter meter(name, -1, DrawsProgress(options));
  CodecOptions codec = CodecOptionsFor(options, name, meter);
  codec.prep.learn_words = options.learn_words;
  codec.prep.goal = options.goal;
  codec.prep.wide_symbols = options.wide_symbols;
  if (options.primer) codec.prep.priming = Priming::kIfAlike;
  codec.prep.addresses = codec.prep.streams = options.convert;
  const int64_t size = source.SizeHint();
  const bool of_checkpoint = options.resume && !options.config_given;
  Options of_this = options;  // a checkpoint's are kept
  const auto seen =
      SeeInput(source, size, codec.prep, of_checkpoint ? of_this : options);
  const bool small = size >= 0 && std::max(size, seen.size) < kSelfCheckBelow;
  const bool self_check = options.self_check.value_or(small);
  if (!of_checkpoint) {
    FitToKind(seen, options);
    if (!options.tables_given) FitToInput(seen, codec, self_check, options);
    FitNet(seen, from, options);
    FitToMemory(self_check, options);
  }
  if (options.wide_symbols && !of_checkpoint) FindAlphabet(in, options);
  PartOutput out(options, in, several ? several->Attributes() : in.Attributes(),
                 from);
  if (options.verbose) {
    SayModel(options.config, MemoryNeeded(options.config, self_check));
  }

  const auto checkpoints = CheckpointsFor(options, in, out.part());
  codec.self_check = self_check;
  codec.checkpointer = checkpoints.get();
  codec.parts = options.parts;
  if (several) codec.files = several->files();
  codec.next_output = [&] {
    out.Next();
    if (!checkpoints) return;
    checkpoints->ChangeOutput(*out.part(), [&out] { out.FinishEarlier(); });
  };
  const Report report = Compress(source, out, options.config, codec);
  out.Finish();
  if (checkpoints) checkpoints->Remove();

  meter.Clear();
  if (options.quiet) return;
  Say(SummaryLine(name, report, /*compressing=*/true, meter.Seconds()));
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

// Judges a set before it is decoded from part `number` on. Not where damage is
// expected.
void CheckSet(const Options& options, PartInput& input, int64_t number) {
  if (!input.is_set() || options.salvage) return;
  const Listing listing = input.Check(number);
  if (options.checkpoint.empty() || listing.part->way == PartWay::kChained) {
    return;
  }
  throw Error(ErrorKind::kUsage,
              options.input +
                  ": its parts are independent; decompress each by its own "
                  "name, with a checkpoint of its own");
}

// All files of an archive go into a folder, or one is taken out.
void RunExtract(const Options& options, const std::vector<ArchiveFile>& files,
                PartInput& input) {
  if (options.salvage || !options.checkpoint.empty()) {
    throw Error(ErrorKind::kUsage,
                options.input +
                    ": holds several files, each of which is kept when it is "
                    "complete; leave --salvage and --checkpoint out");
  }
  FileSource in(options.input);
  if (options.verbose) SayArchive(options, input);
  ProgressMeter meter(in.name(), in.SizeHint(), DrawsProgress(options));
  CodecOptions codec = CodecOptionsFor(options, in.name(), meter);
  codec.as_files = true;
  // The archive's, which are what all files gave; of times nothing is known.
  std::optional<FileAttributes> attributes = in.Attributes();
  if (attributes) attributes->modified = {0, UTIME_NOW};
  if (options.only.empty()) {
    std::vector<std::string> paths;
    for (const ArchiveFile& file : files) {
      paths.push_back(options.output + "/" + file.name);
    }
    CheckOutputs(options, paths);
    FolderSink out(options.output, files, options.force, attributes);
    const Report report = Decompress(in, out, codec);
    out.Finish();
    meter.Clear();
    if (options.quiet) return;
    Say(SummaryLine(in.name(), report, /*compressing=*/false, meter.Seconds()));
    return;
  }
  Output out(options, in);
  OneFileSink one(files, options.only, out);
  try {
    if (!one.complete()) Decompress(in, one, codec);
  } catch (const FileComplete&) {  // what follows is not wanted
  }
  out.Finish(attributes);
}

void RunDecompress(const Options& options, std::string& subject) {
  RefuseTerminalInput(options);
  if (const auto files = FilesOf(options.input); !files.empty()) {
    PartInput input(options, subject);
    return RunExtract(options, files, input);
  }
  if (!options.only.empty()) {
    throw Error(ErrorKind::kUsage,
                options.input +
                    ": is no archive of several files that can be read twice; "
                    "leave --only out");
  }
  if (!options.checkpoint.empty()) CheckCheckpointName(options);
  PartInput input(options, subject);
  const int64_t first =
      options.resume ? std::max<int64_t>(1, SummaryOfCheckpoint(options).part)
                     : 1;
  CheckSet(options, input, first);
  const auto source = input.Open(first);
  FileSource& in = *source;
  Output out(options, in);
  if (options.verbose) SayArchive(options, input, first);

  const std::string name = input.is_set() ? options.input : in.name();
  ProgressMeter meter(name, input.SizeHint(in), DrawsProgress(options));
  const auto checkpoints = CheckpointsFor(options, in, out.part());
  CodecOptions codec = CodecOptionsFor(options, name, meter);
  codec.open_part = input.Opener();
  codec.checkpointer = checkpoints.get();
  const Report report = DecompressOrSalvage(in, out, codec);
  out.Finish(in);
  if (checkpoints) checkpoints->Remove();

  meter.Clear();
  if (options.quiet) return;
  Say(SummaryLine(name, report, /*compressing=*/false, meter.Seconds()));
}

void RunTest(const Options& options, std::string& subject) {
  RefuseTerminalInput(options);
  PartInput input(options, subject);
  CheckSet(options, input, 1);
  const auto in = input.Open();
  NullSink out;
  if (options.verbose) SayArchive(options, input);

  const std::string name = input.is_set() ? options.input : in->name();
  ProgressMeter meter(name, input.SizeHint(*in), DrawsProgress(options));
  CodecOptions codec = CodecOptionsFor(options, name, meter);
  codec.open_part = input.Opener();
  codec.as_files = true;
  const Report report = Decompress(*in, out, codec);
  meter.Clear();
  if (options.verbose) {
    Say(SummaryLine(name, report, /*compressing=*/false, meter.Seconds()));
  }
  if (options.json) {
    PrintOut(TestJson(name, report));
  } else if (!options.quiet) {
    PrintOut(Printable(name) + ": ok\n");
  }
}

void RunList(const Options& options, std::string& subject) {
  RefuseTerminalInput(options);
  PartInput input(options, subject);
  const std::string name =
      options.input == "-" ? "standard input" : options.input;
  const Listing listing = input.Check();
  const int64_t memory = MemoryToDecode(listing.config);
  PrintOut(options.json ? ListingJson(name, listing, memory)
                        : ListingTable(name, listing, memory));
}

// Products keep panels of 36 kB on the stack; without this check, too small a
// one would end the program by SIGSEGV.
void CheckStack() {
  constexpr int64_t kLeast = int64_t{256} << 10;  // bytes; 96 KiB are used
  if (StackLimit() >= kLeast) return;
  throw Error(ErrorKind::kMemory,
              "the stack may have " + FormatCount(StackLimit()) + " bytes, " +
                  FormatCount(kLeast) +
                  " are needed; raise the limit with ulimit -s");
}

bool ComputesWithModel(Verb verb) {
  return verb == Verb::kCompress || verb == Verb::kDecompress ||
         verb == Verb::kTest;
}

}  // namespace

void RunCommand(const Options& options, std::string& subject) {
  if (ComputesWithModel(options.verb)) {
    CheckStack();
    SelfTest();
  }
  subject = options.input == "-" ? "standard input" : options.input;
  CheckOutputs(options);
  switch (options.verb) {
    case Verb::kCompress:
      return RunCompress(options);
    case Verb::kDecompress:
      return RunDecompress(options, subject);
    case Verb::kTest:
      return RunTest(options, subject);
    case Verb::kList:
      return RunList(options, subject);
    case Verb::kPrepTrain:
      return RunPrepTrain(options);
    case Verb::kPrepEncode:
      return RunPrepEncode(options);
    case Verb::kPrepDecode:
      return RunPrepDecode(options);
    case Verb::kSplit:
      return RunSplit(options);
    case Verb::kJoin:
      return RunJoin(options, subject);
    case Verb::kHelp:
      return PrintOut(HelpText(/*model_options=*/false));
    case Verb::kModelHelp:
      return PrintOut(HelpText(/*model_options=*/true));
    case Verb::kVersion:
      return PrintOut(VersionText());
  }
}

}  // namespace nncpp
