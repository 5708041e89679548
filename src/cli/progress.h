// src/cli/progress.h -- the line that tells how far a run is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "src/codec/codec.h"

namespace nncpp {

// How far a run is: percent, speed, ratio and time left, without a line end.
// `part` is the finished part in [0, 1], negative when it is not known;
// `bytes_per_second` is 0 when it is not known yet.
std::string ProgressText(const Progress& progress, double part,
                         double bytes_per_second, double seconds_left);

// The finished part: of the original where its size is known, otherwise, when
// decompressing, of the archive (`archive_bytes`, -1 when not known).
// Negative when neither is known.
double FinishedPart(const Progress& progress, int64_t archive_bytes);

// Speed over the last half to whole minute, because learning slows down and
// other programs come and go. Times are seconds since any fixed moment.
class Speedometer {
 public:
  explicit Speedometer(double now, double amount = 0)
      : older_{now, amount}, newer_{now, amount} {}

  void Add(double now, double amount);  // `amount` in all, since the start
  double PerSecond() const;             // 0 in the first half second

 private:
  struct Mark {
    double time;
    double amount;
  };
  Mark older_;
  Mark newer_;
  Mark last_{0, 0};
};

// Draws the progress of one run on standard error: a line that rewrites itself
// at most five times a second if `draw`, and a line of its own after SIGUSR1.
class ProgressMeter {
 public:
  // `archive_bytes`: see FinishedPart; -1 when compressing.
  ProgressMeter(std::string name, int64_t archive_bytes, bool draw);
  ~ProgressMeter();  // clears the line
  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  void Update(const Progress& progress);
  void Clear();  // before something else is printed
  double Seconds() const;

 private:
  std::string name_;
  int64_t archive_bytes_;
  bool draw_;
  std::chrono::steady_clock::time_point start_;
  double drawn_at_ = -1;  // seconds since start_
  bool began_ = false;    // Update was called
  Speedometer bytes_;
  Speedometer parts_;
};

}  // namespace nncpp
