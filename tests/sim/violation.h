// The end of a simulation that found something: one line, the seed, and how to see it again.
#pragma once

#include <functional>
#include <string>

namespace zcrew::sim {

// Set before a run.
void set_seed(unsigned long long seed);
// Said last, behind what was found.
void set_last_words(std::function<void()> words);
[[noreturn]] void violated(const std::string& what);

}  // namespace zcrew::sim
