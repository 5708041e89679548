// tests/codec/resume_test.cc -- a run that is cut and resumed gives the bytes
// of one that was left alone.
#include "src/codec/resume.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/checkpoints.h"
#include "tests/support/errors.h"

namespace nncpp {
namespace {

// Segments of 12 symbols, blocks of 150, and one block of noise.
ModelConfig SmallConfig() {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = 150;
  config.streams = 3;
  config.stream_symbols = 40;
  config.steps = 4;
  config.layers = 2;
  config.cells = 9;
  config.ngram_bits = 6;
  return config;
}

Octets TextAndNoise() {
  Octets bytes = Alice(400);
  const Octets noise = RandomOctets(150, /*seed=*/1);
  bytes.insert(bytes.begin() + 150, noise.begin(), noise.end());
  return bytes;
}

// Cuts a run at every moment it may be cut at, and resumes each. Returns how
// many there were.
int64_t ExpectSameFromEveryCut(const CodecRun& cut_run,
                               const CodecRun& resumed_run,
                               const Octets& expected) {
  for (int64_t cut = 0;; ++cut) {
    const auto left = RunUntil(cut_run, cut);
    if (!left) return cut;
    EXPECT_EQ(Resume(resumed_run, *left), expected) << "cut " << cut;
  }
}

TEST(Resume, CompressesToTheSameBytesFromEveryCut) {
  const Octets original = TextAndNoise();
  const ModelConfig config = SmallConfig();
  const Octets archive = CompressBytes(original, config);
  // One before, between and behind the blocks, one after each segment.
  EXPECT_EQ(ExpectSameFromEveryCut(Compressing(original, config),
                                   Compressing(original, config, 3), archive),
            5 + 4 * 13);
}

TEST(Resume, DecompressesToTheSameBytesFromEveryCut) {
  const Octets original = TextAndNoise();
  const Octets archive = CompressBytes(original, SmallConfig());
  EXPECT_EQ(ExpectSameFromEveryCut(Decompressing(archive),
                                   Decompressing(archive, 3), original),
            5 + 3 * 13);
}

TEST(Resume, KeepsTheSelfCheckUp) {
  const Octets original = TextAndNoise();
  const ModelConfig config = SmallConfig();
  const Octets archive = CompressBytes(original, config);
  for (const int64_t cut : {0, 3, 14, 15, 20, 29, 40}) {
    const auto left = RunUntil(Compressing(original, config), cut);
    ASSERT_TRUE(left);
    EXPECT_EQ(Resume(Compressing(original, config, 1, true), *left), archive);
  }
}

TEST(Resume, SurvivesManyCutsOfOneRun) {
  const Octets original = TextAndNoise();
  const ModelConfig config = SmallConfig();
  const Octets archive = CompressBytes(original, config);
  const std::vector<std::pair<CodecRun, Octets>> runs = {
      {Compressing(original, config), archive},
      {Decompressing(archive), original}};
  for (const auto& [run, expected] : runs) {
    std::optional<CutRun> left = RunUntil(run, 2);
    for (int cuts = 1; left; ++cuts) {
      const auto next = RunUntil(run, 5, &*left);
      if (!next) {
        EXPECT_EQ(Resume(run, *left), expected);
        EXPECT_GT(cuts, 5);
      }
      left = next;
    }
  }
}

TEST(Resume, TakesAnInputOfUnknownSize) {
  const Octets original = TextAndNoise();
  const ModelConfig config = SmallConfig();
  const CodecRun run = [&](Sink& out, Checkpointer& checkpointer) {
    CodecOptions options = OneThread();
    options.checkpointer = &checkpointer;
    MemorySource in(original, /*size_known=*/false);
    Compress(in, out, config, options);
  };
  const Octets archive = CompressBytes(original, config, OneThread(), false);
  for (const int64_t cut : {0, 10, 14, 15, 33}) {
    EXPECT_EQ(Resume(run, *RunUntil(run, cut)), archive);
  }
}

// With two threads a segment is coded while the net learns and goes on.
TEST(Resume, GoesOnWhereCodingGoesOnBesideTheNet) {
  ModelConfig config = SmallConfig();
  config.mixing = 1;
  config.mixing_bits = 10;
  const Octets original = TextAndNoise();
  const Octets archive = CompressBytes(original, config);
  const int64_t cuts =
      ExpectSameFromEveryCut(Compressing(original, config, 2),
                             Compressing(original, config, 1), archive);
  EXPECT_GT(cuts, 30);
  EXPECT_EQ(ExpectSameFromEveryCut(Compressing(original, config, 1),
                                   Compressing(original, config, 2), archive),
            cuts);
}

// Blocks that deflate shrinks, of which no copy of the state is kept, and
// blocks that it does not.
TEST(Resume, GoesOnWithMixing) {
  ModelConfig config = ProfileConfig("1");
  config.mixing_bits = 10;
  config.block_symbols = 400;
  config.steps = 100;
  Octets original = Alice(800);
  const Octets noise = RandomOctets(400, /*seed=*/2);
  original.insert(original.begin() + 400, noise.begin(), noise.end());
  const Octets archive = CompressBytes(original, config);
  EXPECT_EQ(ExpectSameFromEveryCut(Compressing(original, config),
                                   Compressing(original, config), archive),
            4 + 3 * 4);
  EXPECT_EQ(
      ExpectSameFromEveryCut(Compressing(original, config, 1, true),
                             Compressing(original, config, 1, true), archive),
      4 + 3 * 4);
  // In the first block the checker lacks the state from before it; between the
  // blocks and in the second one there is one.
  const CodecRun checked = Compressing(original, config, 1, true);
  ExpectError(ErrorKind::kUsage, "made without the self-check", [&] {
    Resume(checked, *RunUntil(Compressing(original, config), 2));
  });
  for (const int64_t cut : {0, 5, 7}) {
    const auto left = RunUntil(Compressing(original, config), cut);
    EXPECT_EQ(Resume(checked, *left), archive) << "cut " << cut;
  }
}

class Refusal : public ::testing::Test {
 protected:
  void ExpectRefused(const std::string& why, const CodecRun& run,
                     const CutRun& from) {
    ExpectError(ErrorKind::kUsage, why, [&] { Resume(run, from); });
  }

  const ModelConfig config_ = SmallConfig();
  const Octets original_ = TextAndNoise();
  const Octets archive_ = CompressBytes(original_, config_);
};

TEST_F(Refusal, OfAnotherInput) {
  for (const int64_t cut : {0, 5, 14, 30}) {
    const auto left = RunUntil(Compressing(original_, config_), cut);
    Octets other = original_;
    other.push_back(0);
    ExpectRefused("another input", Compressing(other, config_), *left);
    other = original_;
    if (cut > 0) {
      other[0] ^= 1;
      ExpectRefused("another input", Compressing(other, config_), *left);
    }
    const auto decoding = RunUntil(Decompressing(archive_), cut);
    ModelConfig seeded = config_;
    seeded.seed = 1;
    ExpectRefused("another input",
                  Decompressing(CompressBytes(original_, seeded)), *decoding);
    other = original_;
    other[0] ^= 1;
    if (cut > 0) {
      ExpectRefused("another input",
                    Decompressing(CompressBytes(other, config_)), *decoding);
    }
  }
}

TEST_F(Refusal, OfAnInputThatEndsEarlier) {
  const CodecRun shorter = [&](Sink& out, Checkpointer& checkpointer) {
    CodecOptions options = OneThread();
    options.checkpointer = &checkpointer;
    const Octets less(original_.begin(), original_.begin() + 200);
    MemorySource in(less, /*size_known=*/false);
    Compress(in, out, config_, options);
  };
  const auto left = RunUntil(Compressing(original_, config_), 30);
  ExpectRefused("another input", shorter, *left);
}

TEST_F(Refusal, OfAnotherConfiguration) {
  const auto left = RunUntil(Compressing(original_, config_), 5);
  ModelConfig other = config_;
  other.learning_rate *= 2;
  ExpectRefused("other options", Compressing(original_, other), *left);
}

TEST_F(Refusal, OfTheOtherDirection) {
  const auto left = RunUntil(Compressing(original_, config_), 5);
  ExpectRefused("while compressing", Decompressing(archive_), *left);
  const auto decoding = RunUntil(Decompressing(archive_), 5);
  ExpectRefused("while decompressing", Compressing(original_, config_),
                *decoding);
}

TEST_F(Refusal, OfAnotherOutput) {
  for (const int64_t cut : {5, 30}) {
    for (const CodecRun& run :
         {Compressing(original_, config_), Decompressing(archive_)}) {
      auto left = RunUntil(run, cut);
      if (left->output.size() <= 3) continue;  // nothing was written yet
      left->output[0] ^= 1;
      ExpectRefused("output: is not what", run, *left);
      left->output.clear();
      ExpectRefused("output: is not what", run, *left);
    }
  }
}

TEST_F(Refusal, OfEveryTruncationAndOfFlippedBits) {
  const CodecRun run = Compressing(original_, config_);
  const CutRun sound = *RunUntil(run, 20);
  const auto size = std::ssize(sound.checkpoint);
  for (int64_t length = 0; length < size; length += 1 + length / 8) {
    CutRun damaged = sound;
    damaged.checkpoint.resize(static_cast<size_t>(length));
    ExpectRefused("checkpoint: ", run, damaged);
  }
  for (int64_t at = 0; at < size; at += 1 + at / 8) {
    CutRun damaged = sound;
    damaged.checkpoint[static_cast<size_t>(at)] ^=
        static_cast<uint8_t>(1 << at % 8);
    ExpectRefused("checkpoint: ", run, damaged);
  }
  CutRun extended = sound;
  extended.checkpoint.push_back(0);
  ExpectRefused("damaged", run, extended);
}

TEST(SummaryOfCheckpoint, IsThatOfTheRun) {
  const CutRun left = *RunUntil(Compressing(Alice(300), SmallConfig()), 7);
  MemorySource checkpoint(left.checkpoint);
  EXPECT_EQ(SummaryOfCheckpoint(checkpoint, "name").config, SmallConfig());
  const Octets rubbish = Alice(300);
  MemorySource none(rubbish);
  ExpectError(ErrorKind::kUsage, "name: is no checkpoint",
              [&] { SummaryOfCheckpoint(none, "name"); });
}

}  // namespace
}  // namespace nncpp
