// tests/codec/preparation_test.cc -- words and primers through whole archives.
#include "src/codec/preparation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/make_backend.h"
#include "preproc/primer.h"
#include "src/base/bytes.h"
#include "src/format/archive_reader.h"
#include "src/model/model.h"
#include "tests/support/codec_runs.h"
#include "tests/support/errors.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

ModelConfig Small() {
  ModelConfig config = ProfileConfig("tiny");
  config.cells = 16;
  config.block_symbols = 3000;
  return config;
}

CodecOptions Learning() {
  CodecOptions options = OneThread();
  options.prep.learn_words = true;
  options.prep.goal = {.words = 100, .min_frequency = 4};
  return options;
}

CodecOptions Given(const std::vector<std::string>& words) {
  CodecOptions options = OneThread();
  options.prep.dictionary = std::make_shared<Dictionary>(words);
  return options;
}

CodecOptions Primed(Priming priming) {
  CodecOptions options = OneThread();
  options.prep.priming = priming;
  return options;
}

ArchiveHeader HeaderOf(const Octets& archive) {
  MemorySource in(archive);
  return ArchiveReader(in).ReadHeader();
}

TEST(Preparation, BringsTextBackFromWords) {
  const Octets text = Alice(8000);
  for (const bool size_known : {true, false}) {
    const Octets archive = CompressBytes(text, Small(), Learning(), size_known);
    EXPECT_FALSE(HeaderOf(archive).preparation.empty());
    EXPECT_EQ(DecompressBytes(archive), text);
    MemorySource in(archive);
    EXPECT_GT(List(in).config.alphabet, 256);
  }
}

TEST(Preparation, LeavesNoiseAsItIs) {
  const Octets noise = RandomOctets(4000, 1);
  const Octets archive = CompressBytes(noise, Small(), Learning());
  EXPECT_TRUE(HeaderOf(archive).preparation.empty());
  EXPECT_EQ(archive, CompressBytes(noise, Small()));
}

// Blocks of text, of bytes that no word helps, and of both.
TEST(Preparation, TakesBytesForBlocksThatWordsDoNotShorten) {
  Octets mixed = Alice(6000);
  const Octets noise = RandomOctets(4000, 3);
  for (size_t i = 0; i < noise.size(); ++i) {
    mixed.push_back(static_cast<uint8_t>(128 + noise[i] % 32));
  }
  const Octets more = Alice(3000);
  mixed.insert(mixed.end(), more.begin(), more.end());
  CodecOptions options = Learning();
  options.prep.goal.min_frequency = 20;
  const Octets archive = CompressBytes(mixed, Small(), options);
  EXPECT_EQ(DecompressBytes(archive), mixed);
  MemorySource in(archive);
  ArchiveReader reader(in);
  reader.ReadHeader();
  bool plain = false, words = false;
  while (reader.NextBlock() != BlockKind::kEnd) {
    const bool coded = reader.block().kind == BlockKind::kCoded;
    plain = plain || (coded && reader.block().plain);
    words = words || (coded && !reader.block().plain);
  }
  EXPECT_TRUE(plain);
  EXPECT_TRUE(words);
}

TEST(Preparation, NamesAGivenDictionary) {
  const Octets text = Alice(5000);
  const CodecOptions given = Given({" the", "ing", " and", "\x01 "});
  const Octets archive = CompressBytes(text, Small(), given);
  ExpectError(ErrorKind::kUnsupported, "needs the dictionary of hash",
              [&] { DecompressBytes(archive); });
  MemorySink wrong;
  ExpectError(ErrorKind::kUnsupported, "needs the dictionary of hash",
              [&] { DecompressInto(archive, wrong, Given({" thy"})); });
  MemorySink right;
  DecompressInto(archive, right, given);
  EXPECT_EQ(right.bytes(), text);
}

TEST(Preparation, PrimesTheModelWithWhatIsAlike) {
  const Octets text = Alice(6000);
  const Octets plain = CompressBytes(text, Small());
  for (const Priming priming : {Priming::kIfAlike, Priming::kEnglish}) {
    const Octets primed = CompressBytes(text, Small(), Primed(priming));
    EXPECT_LT(primed.size() + 50, plain.size());
    EXPECT_EQ(DecompressBytes(primed), text);
  }
  const Octets noise = RandomOctets(5000, 2);
  EXPECT_EQ(CompressBytes(noise, Small(), Primed(Priming::kIfAlike)),
            CompressBytes(noise, Small()));
}

ModelConfig MixingConfig(int64_t level) {
  ModelConfig config = Small();
  config.mixing = level;
  return config;
}

// The primer grows with the input up to all there is; -1 has none.
TEST(Preparation, TakesAsMuchOfThePrimerAsTheInputIsWorth) {
  PrepOptions options;
  options.priming = Priming::kEnglish;
  const auto length = [&](int64_t size, int64_t mixing) {
    const Octets field =
        Preparation::Choose({}, size, MixingConfig(mixing), options).Field();
    return field.empty() ? 0 : ByteReader(std::span(field).subspan(1)).Varint();
  };
  const uint64_t all = PrimerText().size();
  EXPECT_EQ(length(3, 2), 0);
  EXPECT_EQ(length(1000, 2), 6000);
  EXPECT_EQ(length(1'000'000, 2), all);
  EXPECT_EQ(length(1000, 0), 250);
  EXPECT_EQ(length(1'000'000, 1), 0);
}

CodecOptions PrimedWith(const Octets& file) {
  CodecOptions options = OneThread();
  options.prep.own_primer = std::make_shared<const Octets>(file);
  return options;
}

TEST(OwnPrimer, MakesItsLikeSmallerAndIsAskedForAgain) {
  const Octets text = Alice(9000);
  const Octets file(text.begin(), text.begin() + 7000);
  const Octets rest(text.begin() + 7000, text.end());
  ModelConfig mixed = Small();
  mixed.mixing = 1;
  mixed.mixing_bits = 12;
  for (const ModelConfig& config : {Small(), mixed}) {
    CodecOptions options = PrimedWith(file);
    for (const Priming priming : {Priming::kNever, Priming::kEnglish}) {
      options.prep.priming = priming;
      const Octets archive = CompressBytes(rest, config, options);
      EXPECT_LT(archive.size(), CompressBytes(rest, config).size());
      MemorySink out;
      DecompressInto(archive, out, PrimedWith(file));
      EXPECT_EQ(out.bytes(), rest);
      Octets other = file;
      other.back() ^= 1;
      for (const CodecOptions& wrong : {OneThread(), PrimedWith(other)}) {
        ExpectError(ErrorKind::kUnsupported, "--prime",
                    [&] { DecompressInto(archive, out, wrong); });
      }
    }
  }
}

TEST(OwnPrimer, GoesWithWords) {
  const Octets text = Alice(9000);
  CodecOptions options = Learning();
  options.prep.own_primer = std::make_shared<const Octets>(Alice(4000));
  options.prep.priming = Priming::kEnglish;
  const Octets archive = CompressBytes(text, Small(), options);
  EXPECT_EQ(HeaderOf(archive).preparation.front(), 0x15);
  MemorySink out;
  DecompressInto(archive, out, options);
  EXPECT_EQ(out.bytes(), text);
}

// A net that keeps what it is taught.
class Pupil : public Model {
 public:
  using Model::Model;
  void StartBlock(int64_t /*streams*/) override {}
  void Predict(int64_t /*first*/, int64_t /*count*/,
               std::span<const int32_t> /*targets*/) override {}
  std::span<const uint64_t> FrequenciesAt(int64_t /*row*/) const override {
    return alike_;
  }
  uint64_t TotalAt(int64_t /*row*/) const override { return alike_.size(); }
  void Encode(std::span<const int32_t> /*targets*/,
              std::span<RangeEncoder> /*encoders*/) override {}
  void Train(int64_t /*steps*/, std::span<const int32_t> targets) override {
    taught_.append(targets.begin(), targets.end());
  }
  void StartReplay(int64_t /*streams*/) override {}
  void ReplaySegment(int64_t /*steps*/,
                     std::span<const int32_t> /*targets*/) override {}
  void EndReplay() override {}
  void VisitState(StateVisitor& /*visitor*/) override {}
  void StateReplaced() override {}
  const std::string& taught() const { return taught_; }

 private:
  std::vector<uint64_t> alike_ = std::vector<uint64_t>(256, 1);
  std::string taught_;
};

TEST(Preparation, PrimesANetWithTheEndOnly) {
  PrepOptions options;
  options.priming = Priming::kEnglish;
  ModelConfig config = MixingConfig(0);
  config.streams = 1;
  const auto backend = MakeCpuBackend(1);
  for (const int64_t primer : {int64_t{500}, Preparation::kNetPrimer + 100}) {
    Pupil pupil(*backend);
    Preparation::Choose({}, primer * 4, config, options)
        .Prime(config, pupil, [] {});
    const auto end =
        static_cast<size_t>(std::min(primer, Preparation::kNetPrimer));
    EXPECT_EQ(pupil.taught(), PrimerText().substr(PrimerText().size() - end));
  }
}

// A file of code is converted block by block, each at its own position.
TEST(Preparation, PrimesWithAbsoluteAddressesOfAFile) {
  PrepOptions options;
  Octets file;
  for (int i = 0; i < 100; ++i) {
    for (const int byte : {0x90, 0xE8, i, 0, 0, 0}) {
      file.push_back(static_cast<uint8_t>(byte));
    }
  }
  options.own_primer = std::make_shared<Octets>(file);
  options.addresses = true;
  ModelConfig config = MixingConfig(0);
  config.streams = 1;
  config.block_symbols = 256;
  Octets calls = {0x40 | 0x10, 1};
  const Octets own = Preparation::Choose({}, 0, config, options).Field();
  calls.insert(calls.end(), own.begin() + 1, own.end());
  const auto backend = MakeCpuBackend(1);
  Pupil pupil(*backend);
  Preparation::Parse(calls, options).Prime(config, pupil, [] {});
  for (size_t at = 0; at < file.size(); at += 256) {
    ToAbsolute(CodeAddresses::kX86Calls,
               std::span(file).subspan(at, std::min<size_t>(256, 600 - at)),
               static_cast<int64_t>(at));
  }
  EXPECT_EQ(pupil.taught(), std::string(file.begin(), file.end()));
}

TEST(Preparation, PrimesWordsToo) {
  const Octets text = Alice(5000);
  CodecOptions options = Learning();
  options.prep.priming = Priming::kEnglish;
  options.self_check = true;
  EXPECT_EQ(DecompressBytes(CompressBytes(text, Small(), options)), text);
}

TEST(Preparation, RefusesFieldsThatAreNone) {
  const auto parse = [](const Octets& field) {
    Preparation::Parse(field, PrepOptions());
  };
  for (const Octets& field :
       {Octets{0}, Octets{9}, Octets{16}, Octets{8, 0}, Octets{255},
        Octets{3, 0}, Octets{4}, Octets{2, 1}, Octets{1}, Octets{1, 5},
        Octets{1, 1, 0, 0}}) {
    EXPECT_TRUE(RefusesArchive([&] { parse(field); }))
        << ::testing::PrintToString(field);
  }
  PrepOptions options;
  options.priming = Priming::kEnglish;
  Octets field = Preparation::Choose({}, 400, Small(), options).Field();
  parse(field);
  field.push_back(0);
  EXPECT_TRUE(RefusesArchive([&] { parse(field); }));
}

TEST(Preparation, RefusesAPrimerThatItDoesNotHave) {
  const auto refuses = [](uint64_t length, uint64_t hash) {
    ByteWriter field;
    field.U8(4);
    field.Varint(length);
    field.U64(hash);
    ExpectError(ErrorKind::kUnsupported, "a text that this program does not",
                [&] { Preparation::Parse(field.bytes(), PrepOptions()); });
  };
  const std::string_view all = PrimerText();
  const uint64_t hash = PrimerHash(all);
  refuses(0, PrimerHash({}));
  refuses(all.size() + 1, hash);
  refuses(uint64_t{1} << 63, hash);
  refuses(~uint64_t{0}, hash);
  refuses(all.size(), hash ^ 1);
  refuses(all.size() - 1, hash);
  ExpectError(ErrorKind::kFormat, "longer than it must be", [] {
    Preparation::Parse(Octets{4, 0x81, 0x00, 1, 2, 3, 4, 5, 6, 7, 8},
                       PrepOptions());
  });
}

TEST(Preparation, RefusesEveryFlippedBitOfItsField) {
  const Octets archive = CompressBytes(Alice(2000), Small(), Learning());
  const int64_t bytes = std::ssize(HeaderOf(archive).preparation);
  ASSERT_GT(bytes, 50);
  for (int64_t at = 8; at < bytes + 16; ++at) {
    Octets damaged = archive;
    damaged[static_cast<size_t>(at)] ^= 0x10;
    ASSERT_TRUE(RefusesArchive([&] { DecompressBytes(damaged); })) << at;
  }
}

// Behind right checks: another dictionary may spell the same text, but never
// passes for another one.
TEST(Preparation, NeverDeliversAnotherTextForADamagedField) {
  const Octets text = Alice(1500);
  const Octets archive = CompressBytes(text, Small(), Learning());
  const int64_t bytes = std::ssize(HeaderOf(archive).preparation);
  int64_t refused = 0;
  for (int64_t at = 10; at < bytes + 14; at += 3) {
    Octets damaged = archive;
    damaged[static_cast<size_t>(at)] ^= 0x10;
    MemorySink out;
    try {
      DecompressInto(Resign(damaged), out);
      ASSERT_EQ(out.bytes(), text) << at;
    } catch (const Error&) {
      ++refused;
    }
    ASSERT_TRUE(out.bytes().empty() || out.bytes() == text) << at;
  }
  EXPECT_GT(refused, 10);
}

TEST(Preparation, TellsWhichBlocksFit) {
  const Preparation bytes;
  EXPECT_TRUE(bytes.Fits(5, 5, false));
  EXPECT_FALSE(bytes.Fits(5, 5, true));
  EXPECT_FALSE(bytes.Fits(4, 5, false));
  const Preparation words =
      Preparation::Choose({}, 0, Small(), Given({"the"}).prep);
  EXPECT_TRUE(words.Fits(4, 5, false));
  EXPECT_TRUE(words.Fits(5, 5, true));
  EXPECT_FALSE(words.Fits(4, 5, true));
  EXPECT_FALSE(words.Fits(6, 5, false));
  const Preparation wide = Preparation::Parse(Octets{8}, PrepOptions());
  EXPECT_TRUE(wide.Fits(5, 10, false));
  EXPECT_FALSE(wide.Fits(5, 10, true));
  EXPECT_FALSE(wide.Fits(5, 11, false));
  EXPECT_FALSE(wide.Fits(10, 10, false));
}

}  // namespace
}  // namespace nncpp
