#include "violation.h"

#include <cstdio>
#include <cstdlib>

namespace zcrew::sim {
namespace {

unsigned long long the_seed = 0;

}  // namespace

void set_seed(unsigned long long seed) { the_seed = seed; }

void violated(const std::string& what) {
  std::printf("VIOLATED: %s\nSEED=%llu; repeat with: sim --seed %llu --verbose\n", what.c_str(),
              the_seed, the_seed);
  std::fflush(stdout);
  std::_Exit(1);
}

}  // namespace zcrew::sim
