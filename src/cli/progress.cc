// src/cli/progress.cc -- percent, speed, ratio and time left.
#include "src/cli/progress.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "src/cli/report.h"
#include "src/cli/signals.h"

namespace nncpp {
namespace {

constexpr double kRedrawSeconds = 0.2;
constexpr double kWindowSeconds = 30;
constexpr double kShortestSpan = 0.5;  // seconds that make a speed
constexpr size_t kNameColumns = 24;    // what is left of 80 beside the figures
constexpr const char* kClearLine = "\r\x1b[K";

std::string TwoDigits(int64_t value) {
  std::string text(value < 10 ? "0" : "");
  return text += std::to_string(value);
}

// 59 -> "0:59", 3600 -> "1:00:00", 90000 -> "1 d 1 h".
std::string FormatDuration(double seconds) {
  const auto all = static_cast<int64_t>(std::clamp(seconds, 0.0, 1e12));
  const int64_t minutes = all / 60;
  const int64_t hours = minutes / 60;
  if (hours >= 24) {
    return std::to_string(hours / 24) + " d " + std::to_string(hours % 24) +
           " h";
  }
  if (hours == 0) return std::to_string(minutes) + ":" + TwoDigits(all % 60);
  return std::to_string(hours) + ":" + TwoDigits(minutes % 60) + ":" +
         TwoDigits(all % 60);
}

// The end of a long name tells more than its beginning.
std::string ShortName(const std::string& name) {
  const std::string printable = Printable(name);
  if (printable.size() <= kNameColumns) return printable;
  return "..." + printable.substr(printable.size() - kNameColumns + 3);
}

}  // namespace

std::string ProgressText(const Progress& progress, double part,
                         double bytes_per_second, double seconds_left) {
  std::string text;
  if (part >= 0) {
    const auto tenths = static_cast<int64_t>(std::min(part, 1.0) * 1000);
    text += std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
            " %, ";
  } else {
    text += FormatCount(progress.original_bytes) + " bytes, ";
  }
  text +=
      FormatBits(BitsPerByte(progress.original_bytes, progress.coded_bytes)) +
      " bits/byte";
  if (bytes_per_second > 0) text += ", " + FormatRate(bytes_per_second);
  if (seconds_left >= 0) text += ", " + FormatDuration(seconds_left) + " left";
  return text;
}

double FinishedPart(const Progress& progress, int64_t archive_bytes) {
  const bool original = progress.original_total > 0;
  const int64_t done =
      original ? progress.original_bytes : progress.coded_bytes;
  const int64_t total = original ? progress.original_total : archive_bytes;
  if (total <= 0) return -1;
  return static_cast<double>(std::min(done, total)) /
         static_cast<double>(total);
}

void Speedometer::Add(double now, double amount) {
  last_ = {now, amount};
  if (now - newer_.time < kWindowSeconds) return;
  older_ = std::exchange(newer_, last_);
}

double Speedometer::PerSecond() const {
  const double span = last_.time - older_.time;
  return span < kShortestSpan ? 0 : (last_.amount - older_.amount) / span;
}

ProgressMeter::ProgressMeter(std::string name, int64_t archive_bytes, bool draw)
    : name_(std::move(name)),
      archive_bytes_(archive_bytes),
      draw_(draw),
      start_(std::chrono::steady_clock::now()),
      bytes_(0),
      parts_(0) {}

ProgressMeter::~ProgressMeter() { Clear(); }

double ProgressMeter::Seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                       start_)
      .count();
}

void ProgressMeter::Update(const Progress& progress) {
  const bool asked = TakeProgressRequest();
  const double now = Seconds();
  if (!asked && (!draw_ || now - drawn_at_ < kRedrawSeconds)) return;
  const double part = FinishedPart(progress, archive_bytes_);
  if (!began_) {  // a resumed run begins in the middle
    bytes_ = Speedometer(now, static_cast<double>(progress.original_bytes));
    parts_ = Speedometer(now, part);
    began_ = true;
  }
  bytes_.Add(now, static_cast<double>(progress.original_bytes));
  parts_.Add(now, part);
  const double speed = parts_.PerSecond();
  const double left = part >= 0 && speed > 0 ? (1 - part) / speed : -1;
  const std::string text =
      ProgressText(progress, part, bytes_.PerSecond(), left);
  if (asked) {
    Clear();
    std::fprintf(stderr, "%s: %s\n", Printable(name_).c_str(), text.c_str());
  }
  if (draw_) {
    std::fprintf(stderr, "%s%s: %s", kClearLine, ShortName(name_).c_str(),
                 text.c_str());
    SetLineOpen(true);
    drawn_at_ = now;
  }
}

void ProgressMeter::Clear() {
  if (drawn_at_ < 0) return;
  std::fputs(kClearLine, stderr);
  SetLineOpen(false);
  drawn_at_ = -1;
}

}  // namespace nncpp
