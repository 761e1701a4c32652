#include "violation.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace zcrew::sim {
namespace {

unsigned long long the_seed = 0;
std::function<void()> the_last_words;

}  // namespace

void set_seed(unsigned long long seed) { the_seed = seed; }

void set_last_words(std::function<void()> words) { the_last_words = std::move(words); }

void violated(const std::string& what) {
  std::printf("VIOLATED: %s\nSEED=%llu; repeat with: sim --seed %llu --verbose\n", what.c_str(),
              the_seed, the_seed);
  if (the_last_words) std::exchange(the_last_words, nullptr)();
  std::fflush(stdout);
  std::_Exit(1);
}

}  // namespace zcrew::sim
