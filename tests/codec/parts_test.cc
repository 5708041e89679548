// tests/codec/parts_test.cc -- sets of archives, made and opened in memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/base/memory_stream.h"
#include "src/format/archive_reader.h"
#include "tests/support/checkpoints.h"
#include "tests/support/errors.h"
#include "tests/support/part_runs.h"
#include "tests/support/resign.h"

namespace nncpp {
namespace {

ModelConfig SmallConfig(int64_t block_symbols = 80) {
  ModelConfig config = ProfileConfig("tiny");
  config.block_symbols = block_symbols;
  config.stream_symbols = 20;
  config.cells = 8;
  return config;
}

PartPlan Chained(int64_t count) { return {.count = count}; }
PartPlan Independent(int64_t count) {
  return {.count = count, .independent = true};
}

// A chained set with a block that is stored.
struct Sample {
  Sample() {
    const Octets noise = RandomOctets(80, /*seed=*/5), more = Alice(160);
    original.insert(original.end(), noise.begin(), noise.end());
    original.insert(original.end(), more.begin() + 80, more.end());
    parts = CompressParts(original, SmallConfig(), Chained(3));
  }
  Octets original = Alice(80);
  std::vector<Octets> parts;
};

TEST(Parts, GiveBackTheOriginal) {
  for (const int64_t size : {0, 1, 3, 79, 400}) {
    const Octets original = Alice(size);
    for (const bool independent : {false, true}) {
      for (const int64_t count : {1, 2, 3, 7}) {
        const auto parts =
            CompressParts(original, SmallConfig(),
                          {.count = count, .independent = independent});
        ASSERT_EQ(std::ssize(parts), count);
        EXPECT_EQ(JoinedParts(parts), original);
      }
      for (const bool size_known : {false, true}) {
        const auto parts = CompressParts(
            original, SmallConfig(), {.bytes = 79, .independent = independent},
            OneThread(), size_known);
        EXPECT_EQ(std::ssize(parts), std::max<int64_t>(1, (size + 78) / 79));
        EXPECT_EQ(JoinedParts(parts), original);
      }
    }
  }
}

// Chained parts whose ends fall on blocks' ends hold what one archive holds:
// the model goes on with all of its state, replay's history included.
TEST(Parts, ThatAreChainedHoldTheBlocksOfOneArchive) {
  ModelConfig config = SmallConfig(100);
  config.replay_period = 64;
  const Octets original = Alice(400);
  const Octets whole = CompressBytes(original, config);
  const auto parts = CompressParts(original, config, Chained(4));
  const auto payloads = [](const Octets& archive) {
    std::vector<Octets> all;
    MemorySource in(archive);
    ArchiveReader reader(in);
    reader.ReadHeader();
    while (reader.NextBlock() != BlockKind::kEnd) {
      all.emplace_back(reader.payload().begin(), reader.payload().end());
    }
    return all;
  };
  const auto expected = payloads(whole);
  ASSERT_EQ(expected.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_EQ(payloads(parts[i]).size(), 1u);
    EXPECT_EQ(payloads(parts[i])[0], expected[i]);
  }
}

TEST(Parts, ThatAreIndependentDecodeAloneInAnyOrder) {
  const Octets original = Alice(300);
  const auto parts = CompressParts(original, SmallConfig(), Independent(3));
  for (const size_t i : {2, 0, 1}) {
    const auto begin = original.begin() + static_cast<int64_t>(i) * 100;
    EXPECT_EQ(DecompressBytes(parts[i]), Octets(begin, begin + 100));
  }
}

TEST(Parts, ThatAreChainedAreRefusedAlone) {
  const Sample sample;
  for (const Octets& part : sample.parts) {
    ExpectError(ErrorKind::kUnsupported, "of a chained set",
                [&] { DecompressBytes(part); });
  }
}

TEST(Parts, AreSelfCheckedAndPrimedOnce) {
  CodecOptions options = OneThread();
  options.self_check = true;
  options.prep.priming = Priming::kEnglish;
  const Octets original = Alice(300);
  const auto parts =
      CompressParts(original, SmallConfig(), Chained(2), options);
  EXPECT_EQ(JoinedParts(parts), original);
}

TEST(Parts, ObeyTheLimitOfTheOutput) {
  const Sample sample;
  CodecOptions options = OneThread();
  MemorySink out;
  options.max_output = 239;
  ExpectError(ErrorKind::kUnsupported, "the limit is 239",
              [&] { DecompressParts(sample.parts, out, options); });
  options.max_output = 240;
  MemorySink all;
  DecompressParts(sample.parts, all, options);
  EXPECT_EQ(all.bytes(), sample.original);
}

TEST(Parts, AreListedTogether) {
  const Sample sample;
  MemoryParts memory(sample.parts);
  MemorySource first(sample.parts.front());
  const Listing listing = List(first, memory.Opener());
  EXPECT_EQ(listing.parts, 3);
  EXPECT_EQ(listing.original_bytes, 240);
  EXPECT_EQ(listing.blocks, 3);
  EXPECT_EQ(listing.stored_blocks, 1);
  EXPECT_EQ(listing.original_hash, HashText(HashBytes128(sample.original)));
}

// Expects that List and Decompress refuse the set, and that what was delivered
// before is how the original begins, if the first part is one of it.
void ExpectRefused(const std::vector<Octets>& parts, const Sample& sample,
                   const std::string& what, bool of_original = true) {
  MemorySink out;
  EXPECT_TRUE(RefusesArchive([&] { DecompressParts(parts, out); })) << what;
  ASSERT_LE(out.bytes().size(), sample.original.size()) << what;
  EXPECT_TRUE(!of_original || std::equal(out.bytes().begin(), out.bytes().end(),
                                         sample.original.begin()))
      << what;
  EXPECT_TRUE(RefusesArchive([&] {
    MemoryParts memory(parts);
    MemorySource first(parts.front());
    List(first, memory.Opener());
  })) << what;
}

TEST(DamagedParts, AreRefusedForEveryFlippedBit) {
  const Sample sample;
  ASSERT_EQ(JoinedParts(sample.parts), sample.original);
  for (size_t i = 0; i < sample.parts.size(); ++i) {
    for (size_t bit = 0; bit < 8 * sample.parts[i].size(); ++bit) {
      std::vector<Octets> damaged = sample.parts;
      damaged[i][bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      ExpectRefused(
          damaged, sample,
          "part " + std::to_string(i) + " bit " + std::to_string(bit));
    }
  }
}

TEST(DamagedParts, AreRefusedForEveryTruncationAndSplice) {
  const Sample sample;
  const Octets more = Alice(241);
  const std::vector<Octets> other = CompressParts(
      Octets(more.begin() + 1, more.end()), SmallConfig(), Chained(3));
  int cases = 0;
  for (size_t i = 0; i < sample.parts.size(); ++i) {
    const Octets& part = sample.parts[i];
    for (size_t size = 0; size < part.size(); ++size) {
      const auto cut = static_cast<int64_t>(size);
      std::vector<Octets> damaged = sample.parts;
      damaged[i].resize(size);
      ExpectRefused(damaged, sample, "cut to " + std::to_string(size));
      ++cases;
      // The beginning of this part with the rest of another set's.
      if (size == 0 || size >= other[i].size()) continue;
      damaged[i].insert(damaged[i].end(), other[i].begin() + cut,
                        other[i].end());
      ExpectRefused(damaged, sample, "spliced at " + std::to_string(size),
                    /*of_original=*/damaged[0] != other[0]);
      ++cases;
    }
  }
  RecordProperty("cases", cases);
}

TEST(DamagedParts, AreRefusedInEveryOtherOrderAndSelection) {
  const Sample sample;
  const Octets another = CompressBytes(sample.original, SmallConfig());
  const auto other = CompressParts(sample.original, SmallConfig(), Chained(4));
  const auto alone =
      CompressParts(sample.original, SmallConfig(), Independent(3));
  std::vector<Octets> pool = sample.parts;
  pool.push_back(another);
  pool.insert(pool.end(), other.begin(), other.end());
  pool.insert(pool.end(), alone.begin(), alone.end());
  const auto n = pool.size();
  int refused = 0, sound = 0;
  for (size_t choice = 0; choice < n * n * n; ++choice) {
    const std::vector<Octets> chosen = {pool[choice / n / n],
                                        pool[choice / n % n], pool[choice % n]};
    if (chosen == sample.parts || chosen == alone) {
      EXPECT_EQ(JoinedParts(chosen), sample.original);
      ++sound;
      continue;
    }
    ExpectRefused(chosen, sample, "choice " + std::to_string(choice));
    ++refused;
  }
  EXPECT_EQ(sound, 2);
  EXPECT_EQ(refused, static_cast<int>(n * n * n) - 2);
}

// Behind right checks, and with the links of its neighbours left as they are.
// Only the bit that says that a part follows can be changed unseen: then the
// caller has parts left over.
TEST(DamagedParts, NeverDeliverWrongBytesThoughTheChecksAreRight) {
  const Sample sample;
  int refused = 0, differs = 0, ended = 0;
  for (size_t i = 0; i < sample.parts.size(); ++i) {
    for (size_t bit = 0; bit < 8 * sample.parts[i].size(); ++bit) {
      std::vector<Octets> damaged = sample.parts;
      damaged[i][bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      damaged[i] = Resign(damaged[i]);
      MemorySink out;
      try {
        DecompressParts(damaged, out, OneThread(64 << 20));
        if (out.bytes().size() == (i + 1) * 80 && i < 2) {
          ++ended;
          continue;
        }
        EXPECT_EQ(out.bytes(), sample.original) << i << " bit " << bit;
      } catch (const Error& error) {
        EXPECT_NE(error.kind(), ErrorKind::kIo) << error.what();
        (error.kind() == ErrorKind::kNumerics ? differs : refused)++;
      }
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(differs, 0);
  EXPECT_EQ(ended, 2);
}

// Cuts a run at every question for a checkpoint, and goes on with fresh
// streams from the part that the checkpoint names.
TEST(Parts, AreTheSameFromEveryCheckpoint) {
  const Octets original = Alice(240);
  const ModelConfig config = SmallConfig(64);
  for (const bool independent : {false, true}) {
    const PartPlan plan = {.count = 3, .independent = independent};
    const auto expected = CompressParts(original, config, plan);
    int cut = 0;
    for (;; ++cut) {
      MemorySink out;
      std::vector<Octets> done;
      CodecOptions options = OneThread();
      options.parts = plan;
      options.next_output = [&] { done.push_back(out.Take()); };
      MemoryCheckpointer first(out, cut);
      options.checkpointer = &first;
      MemorySource in(original);
      try {
        Compress(in, out, config, options);
        break;
      } catch (const RunCut&) {
      }
      const CutRun left = {first.checkpoint(), out.Take()};
      MemoryCheckpointer second(out, left, -1);
      options.checkpointer = &second;
      MemorySource again(original);
      Compress(again, out, config, options);
      done.push_back(out.Take());
      EXPECT_EQ(done, expected) << cut;
    }
    EXPECT_GT(cut, 12);
    RecordProperty(independent ? "independent" : "chained", cut);
  }
}

TEST(Parts, AreDecodedFromEveryCheckpointWithoutThePartsBefore) {
  const Octets original = Alice(240);
  const auto parts = CompressParts(original, SmallConfig(64), Chained(3));
  MemoryParts memory(parts);
  int cut = 0;
  std::vector<int> seen(4);
  for (;; ++cut) {
    CodecOptions options = OneThread();
    options.open_part = memory.Opener();
    MemorySink out;
    MemoryCheckpointer first(out, cut);
    options.checkpointer = &first;
    MemorySource in(parts[0]);
    try {
      Decompress(in, out, options);
      break;
    } catch (const RunCut&) {
    }
    const CutRun left = {first.checkpoint(), out.Take()};
    MemorySource checkpoint(left.checkpoint);
    const CheckpointSummary summary =
        SummaryOfCheckpoint(checkpoint, "checkpoint");
    ASSERT_GE(summary.part, 1);
    ++seen[static_cast<size_t>(summary.part)];
    MemoryCheckpointer second(out, left, -1);
    options.checkpointer = &second;
    Decompress(memory.Opener()(summary.part), out, options);
    EXPECT_EQ(out.bytes(), original) << cut;
  }
  EXPECT_GT(cut, 12);
  RecordProperty("cuts", cut);
  EXPECT_GT(*std::min_element(seen.begin() + 1, seen.end()), 0);
}

// Promises 100 bytes and has others.
class ChangedSource : public MemorySource {
 public:
  explicit ChangedSource(const Octets& bytes) : MemorySource(bytes) {}
  int64_t SizeHint() const override { return 100; }
};

TEST(Parts, OfAnInputThatGrowsOrShrinksAreRefused) {
  for (const bool independent : {false, true}) {
    for (const int64_t size : {99, 40, 101, 300}) {
      const Octets bytes = Alice(size);
      for (const PartPlan plan :
           {PartPlan{.count = 3, .independent = independent},
            PartPlan{.bytes = 50, .independent = independent}, PartPlan{}}) {
        if (independent && !plan.any()) continue;
        ChangedSource in(bytes);
        NullSink out;
        CodecOptions options = OneThread();
        options.parts = plan;
        options.next_output = [] {};
        ExpectError(ErrorKind::kIo, "changed its size while it was read",
                    [&] { Compress(in, out, SmallConfig(), options); });
      }
    }
  }
}

}  // namespace
}  // namespace nncpp
