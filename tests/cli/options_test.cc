// tests/cli/options_test.cc -- what the command line is taken to mean.
#include "src/cli/options.h"

#include <gtest/gtest.h>

#include <CLI/Error.hpp>
#include <initializer_list>
#include <string>
#include <vector>

#include "src/base/error.h"
#include "src/cli/help.h"
#include "src/cli/report.h"

namespace nncpp {
namespace {

Options Parse(std::initializer_list<const char*> arguments) {
  std::vector<const char*> argv = {"nncpp"};
  argv.insert(argv.end(), arguments);
  return ParseOptions(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, FillInTheOutput) {
  EXPECT_EQ(Parse({"c", "a/b"}).output, "a/b.nncpp");
  EXPECT_EQ(Parse({"c", "a", "b"}).output, "b");
  EXPECT_EQ(Parse({"c", "-"}).output, "-");
  EXPECT_EQ(Parse({"d", "a/b.nncpp"}).output, "a/b");
  EXPECT_EQ(Parse({"d", "-"}).output, "-");
  EXPECT_EQ(Parse({"d", "a.xz", "b"}).output, "b");
  EXPECT_EQ(Parse({"t", "a"}).output, "");
}

TEST(Options, TakeSeveralInputsOfCompress) {
  using Names = std::vector<std::string>;
  const Options several =
      Parse({"c", "-q", "a", "c", "--no-prep", "[x]", "-f", "out"});
  EXPECT_EQ(several.inputs, (Names{"a", "c", "[x]"}));
  EXPECT_EQ(several.input, "a");
  EXPECT_EQ(several.output, "out");
  EXPECT_TRUE(Parse({"c", "a", "b"}).inputs.empty());
  EXPECT_THROW(Parse({"d", "a", "b", "e"}), Error);
  EXPECT_THROW(Parse({"x", "c", "a", "b"}), Error);
  EXPECT_EQ(Parse({"d", "--only", "a/b", "x.nncpp"}).output, "b");
}

TEST(Options, ReadThePlanOfParts) {
  EXPECT_FALSE(Parse({"c", "a"}).parts.any());
  EXPECT_EQ(Parse({"c", "--parts", "9", "a"}).parts.count, 9);
  const Options sized = Parse({"c", "--part-size", "2k", "--independent", "a"});
  EXPECT_EQ(sized.parts.bytes, 2000);
  EXPECT_TRUE(sized.parts.independent);
  EXPECT_EQ(Parse({"split", "--parts", "2", "a", "b"}).parts.unit, 2);
  EXPECT_THROW(Parse({"split", "a", "b"}), Error);
  EXPECT_THROW(Parse({"join", "a"}), Error);
  EXPECT_THROW(Parse({"join", "--parts", "2", "a", "b"}), Error);
}

TEST(Options, TakeALevelAnywhere) {
  for (const int level : {1, 5, 9}) {
    const std::string flag = "-" + std::to_string(level);
    const ModelConfig config = ProfileConfig(std::to_string(level));
    EXPECT_EQ(Parse({"c", flag.c_str(), "a", "b"}).config, config);
    EXPECT_EQ(Parse({"c", "a", "b", flag.c_str()}).config, config);
    EXPECT_EQ(Parse({flag.c_str(), "c", "a", "b"}).config, config);
    EXPECT_EQ(Parse({"c", "-q", flag.c_str(), "a", "b"}).config, config);
    EXPECT_THROW(Parse({"d", flag.c_str(), "a", "b"}), Error);
  }
}

TEST(Options, ReadEveryNameOfACommand) {
  for (const char* verb : {"c", "compress"}) {
    EXPECT_EQ(Parse({verb, "a"}).verb, Verb::kCompress);
  }
  for (const char* verb : {"d", "decompress"}) {
    EXPECT_EQ(Parse({verb, "a", "b"}).verb, Verb::kDecompress);
  }
  for (const char* verb : {"t", "test"}) {
    EXPECT_EQ(Parse({verb, "a"}).verb, Verb::kTest);
  }
  for (const char* verb : {"l", "list", "info"}) {
    EXPECT_EQ(Parse({verb, "a"}).verb, Verb::kList);
  }
  EXPECT_EQ(Parse({"help"}).verb, Verb::kHelp);
  EXPECT_EQ(Parse({"help", "all"}).verb, Verb::kModelHelp);
}

TEST(Options, ReadTheActionsOfPrep) {
  const Options train = Parse({"prep", "train", "a", "b"});
  EXPECT_EQ(train.verb, Verb::kPrepTrain);
  EXPECT_EQ(train.input, "a");
  EXPECT_EQ(train.output, "b");
  EXPECT_EQ(train.goal.words, 4096);
  const Options more = Parse({"prep", "train", "a", "b", "--dictionary-words",
                              "700", "--min-frequency", "9"});
  EXPECT_EQ(more.goal.words, 700);
  EXPECT_EQ(more.goal.min_frequency, 9);
  for (const char* action : {"encode", "decode"}) {
    const Options coding =
        Parse({"--dictionary", "d", "prep", action, "a", "b"});
    EXPECT_EQ(coding.dictionary, "d");
    EXPECT_THROW(Parse({"prep", action, "a", "b"}), Error);
  }
  EXPECT_THROW(Parse({"prep", "train", "a"}), Error);
  EXPECT_THROW(Parse({"prep"}), Error);
  EXPECT_THROW(Parse({"d", "a.nncpp", "--dictionary-words", "9"}), Error);
}

TEST(Options, HelpAndVersionWinOverMistakes) {
  EXPECT_EQ(Parse({"c", "--help"}).verb, Verb::kHelp);
  EXPECT_EQ(Parse({"--nonsense", "--help"}).verb, Verb::kHelp);
  EXPECT_EQ(Parse({"l", "--help-all"}).verb, Verb::kModelHelp);
  EXPECT_EQ(Parse({"nonsense", "-V"}).verb, Verb::kVersion);
}

TEST(Options, ReadWhereToCompute) {
  const auto device = [](const char* name) {
    return Parse({"c", "a", "--device", name}).device;
  };
  EXPECT_EQ(Parse({"c", "a"}).device.kind, Device::Kind::kAuto);
  EXPECT_EQ(device("auto").kind, Device::Kind::kAuto);
  EXPECT_EQ(device("cpu").kind, Device::Kind::kCpu);
  EXPECT_EQ(device("cuda").kind, Device::Kind::kCuda);
  EXPECT_EQ(device("cuda").index, 0);
  EXPECT_EQ(device("cuda:13").kind, Device::Kind::kCuda);
  EXPECT_EQ(device("cuda:13").index, 13);
  for (const char* name : {"", "gpu", "cuda:", "cuda:1x", "cuda:-1", "cuda1"}) {
    EXPECT_THROW(device(name), Error) << name;
  }
}

TEST(Options, TakeFilesCalledLikeCommands) {
  const Options options = Parse({"c", "d", "t"});
  EXPECT_EQ(options.verb, Verb::kCompress);
  EXPECT_EQ(options.input, "d");
  EXPECT_EQ(options.output, "t");
}

TEST(Options, MayStandAnywhere) {
  for (const Options& options :
       {Parse({"-fq", "-T", "3", "c", "a", "b"}),
        Parse({"c", "-f", "a", "--threads=3", "b", "--quiet"}),
        Parse({"c", "a", "b", "-q", "-T3", "-f"})}) {
    EXPECT_TRUE(options.force);
    EXPECT_TRUE(options.quiet);
    EXPECT_FALSE(options.progress);
    EXPECT_EQ(options.threads, 3);
    EXPECT_EQ(options.input, "a");
    EXPECT_EQ(options.output, "b");
  }
}

TEST(Options, LastOneWins) {
  EXPECT_EQ(Parse({"c", "a", "-T", "1", "-T", "2"}).threads, 2);
  EXPECT_EQ(Parse({"c", "a", "--self-check", "--no-self-check"}).self_check,
            false);
  const auto config = [](std::initializer_list<const char*> arguments) {
    return Parse(arguments).config;
  };
  EXPECT_EQ(config({"c", "-9", "-1", "a"}), ProfileConfig("1"));
  EXPECT_EQ(config({"-1", "c", "a", "-9"}), ProfileConfig("9"));
  EXPECT_EQ(config({"c", "-1", "--profile", "tiny", "a"}),
            ProfileConfig("tiny"));
  EXPECT_EQ(config({"--profile=tiny", "c", "a", "-1"}), ProfileConfig("1"));
}

TEST(Options, TakeNoOtherNumberForALevel) {
  for (const char* wrong : {"-0", "-05", "-0x3", "-10", "-12", "-q0", "-q10"}) {
    EXPECT_THROW(Parse({"c", "a", wrong}), Error) << wrong;
    EXPECT_THROW(Parse({"c", wrong, "a"}), Error) << wrong;
    EXPECT_THROW(Parse({wrong, "c", "a"}), Error) << wrong;
    EXPECT_EQ(Parse({"c", "--", wrong}).input, wrong);
    EXPECT_EQ(Parse({"c", "a", "--prime", wrong}).prime, wrong);
  }
  EXPECT_EQ(Parse({"c", "-9qT10", "a"}).threads, 10);
  EXPECT_EQ(Parse({"c", "-qT", "10", "a"}).threads, 10);
}

TEST(Options, EndWithTheMark) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(Parse({"c", "--", "-q", "--help"}).output, "--help");
  EXPECT_EQ(Parse({"c", "a", "--", "--"}).output, "--");
  const Options several = Parse({"c", "a", "b", "--", "-q", "-0"});
  EXPECT_EQ(several.inputs, (Names{"a", "b", "-q"}));
  EXPECT_EQ(several.output, "-0");
  EXPECT_FALSE(several.quiet);
  EXPECT_EQ(Parse({"c", "--prime", "--", "-q", "--", "-f"}).prime, "--");
  EXPECT_EQ(Parse({"prep", "--", "train", "a", "-b"}).output, "-b");
  EXPECT_THROW(Parse({"t", "a", "--", "b"}), Error);
  EXPECT_THROW(Parse({"--", "c", "a"}), Error);
}

TEST(Options, HaveNoEmptyValues) {
  for (const char* option :
       {"--checkpoint", "--dictionary", "--prime", "--parts", "--part-size",
        "--checkpoint-every", "--dictionary-words", "--min-frequency", "-M"}) {
    EXPECT_THROW(Parse({"c", option, "", "a"}), Error) << option;
    const std::string joined = std::string(option) + "=";
    EXPECT_THROW(Parse({"c", joined.c_str(), "a", "b"}), Error) << option;
  }
  EXPECT_THROW(Parse({"d", "--only", "", "a", "b"}), Error);
  EXPECT_THROW(Parse({"c", "a", ""}), Error);
  EXPECT_THROW(Parse({"c", "a", "b", ""}), Error);
  EXPECT_THROW(Parse({"d", "a.nncpp", ""}), Error);
}

TEST(Options, LeaveTheSelfCheckToTheSizeUnlessAsked) {
  EXPECT_FALSE(Parse({"c", "a"}).self_check.has_value());
  EXPECT_EQ(Parse({"c", "a", "--self-check"}).self_check, true);
  EXPECT_EQ(Parse({"c", "a", "--no-self-check"}).self_check, false);
}

TEST(Options, ReadSizesWithUnits) {
  const auto limit = [](const char* text) {
    return Parse({"d", "a", "b", "-M", text}).memory_limit;
  };
  EXPECT_EQ(Parse({"d", "a", "b"}).memory_limit, -1);
  EXPECT_EQ(limit("0"), 0);
  EXPECT_EQ(limit("12345"), 12345);
  EXPECT_EQ(limit("5k"), 5000);
  EXPECT_EQ(limit("5KB"), 5000);
  EXPECT_EQ(limit("5KiB"), 5120);
  EXPECT_EQ(limit("1.5M"), 1500000);
  EXPECT_EQ(limit("2Gi"), int64_t{2} << 30);
  EXPECT_EQ(limit("1T"), 1000000000000);
  EXPECT_THROW(limit("-1"), Error);
  EXPECT_THROW(limit("1e300"), Error);
  EXPECT_EQ(limit("3t"), 3000000000000);
  for (const char* wrong : {"5x", "k", "", "5kk", "5ki b", "nan", "5kbx"}) {
    EXPECT_THROW(limit(wrong), Error) << wrong;
  }
}

TEST(Options, OfferEveryFieldOfTheModel) {
  for (const ConfigField& field : ConfigFields()) {
    const std::string option = "--" + std::string(field.name);
    const ModelConfig config = ProfileConfig("tiny");
    const std::string value = FieldText(field, config);
    const Options options =
        Parse({"c", "a", "--profile", "tiny", option.c_str(), value.c_str()});
    EXPECT_EQ(options.config, config) << option;
    EXPECT_NE(HelpText(true).find("      " + option + " N\n"),
              std::string::npos);
    for (const char* wrong : {"", "-", "1x", "nan", "inf", "0x1", " 1"}) {
      EXPECT_THROW(Parse({"c", "a", option.c_str(), wrong}), Error)
          << option << " " << wrong;
    }
    EXPECT_THROW(Parse({"d", "a", "b", option.c_str(), value.c_str()}), Error);
  }
}

TEST(Options, ApplyTheModelOnTopOfTheProfile) {
  ModelConfig config = ProfileConfig("tiny");
  config.cells = 17;
  config.learning_rate = 0.0125f;
  config.clip = 0.5f;
  EXPECT_EQ(Parse({"c", "--cells", "17", "a", "--learning-rate", "0.0125",
                   "--clip", "0.5", "--profile", "tiny"})
                .config,
            config);
}

TEST(Options, RefuseWhatMakesNoSense) {
  EXPECT_THROW(Parse({}), Error);
  EXPECT_THROW(Parse({"-f"}), Error);
  EXPECT_THROW(Parse({"x", "a"}), Error);
  EXPECT_THROW(Parse({"c"}), Error);
  EXPECT_THROW(Parse({"c", ""}), Error);
  EXPECT_THROW(Parse({"d", "a", "b", "d"}), Error);
  EXPECT_THROW(Parse({"t", "a", "b"}), Error);
  EXPECT_THROW(Parse({"d", "a"}), Error);
  EXPECT_THROW(Parse({"d", ".nncpp"}), Error);
  EXPECT_THROW(Parse({"d", "a/.nncpp"}), Error);
  EXPECT_THROW(Parse({"c", "a", "--json"}), Error);
  EXPECT_THROW(Parse({"c", "a", "--threads", "1025"}), Error);
  EXPECT_THROW(Parse({"c", "a", "--profile", "nosuch"}), Error);
  EXPECT_THROW(Parse({"c", "a", "--threads"}), CLI::ParseError);
  EXPECT_THROW(Parse({"c", "a", "--threads", "two"}), Error);
}

TEST(Options, AreAllInTheHelp) {
  const std::string help = HelpText(false);
  for (const char* option :
       {"-f, --force", "-q, --quiet", "-v, --verbose", "-T, --threads",
        "-M, --memory-limit", "--no-progress", "--json", "-h, --help",
        "--help-all", "-V, --version", "--profile", "--self-check",
        "--no-self-check"}) {
    EXPECT_NE(help.find(option), std::string::npos) << option;
  }
}

}  // namespace
}  // namespace nncpp
