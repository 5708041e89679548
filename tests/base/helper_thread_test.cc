// tests/base/helper_thread_test.cc -- one thread that works beside its owner.
#include "src/base/helper_thread.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace nncpp {
namespace {

TEST(HelperThread, DoesEveryWorkOnAThreadOfItsOwn) {
  HelperThread helper;
  helper.Wait();  // nothing is under way
  int sum = 0;
  for (int i = 1; i <= 1000; ++i) {
    std::thread::id id;
    helper.Start([&] {
      sum += i;
      id = std::this_thread::get_id();
    });
    helper.Wait();
    ASSERT_NE(id, std::this_thread::get_id());
    ASSERT_EQ(sum, i * (i + 1) / 2);
  }
}

TEST(HelperThread, HandsOverWhatWasThrownOnce) {
  HelperThread helper;
  helper.Start([] { throw std::runtime_error("broken"); });
  EXPECT_THROW(helper.Wait(), std::runtime_error);
  helper.Wait();
  bool done = false;
  helper.Start([&] { done = true; });
  helper.Wait();
  EXPECT_TRUE(done);
}

TEST(HelperThread, EndsAfterTheWorkUnderWay) {
  bool done = false;
  {
    HelperThread helper;
    helper.Start([&] {
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();
      done = true;
    });
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace nncpp
