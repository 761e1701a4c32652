// Replays transcripts (tests/scenarios/*.txt) against the core and compares what it prints.
//
//   scenarios [--rewrite] [FILE …]        without files: all of this folder's
//
// Exit: 0 all equal, 1 some differ or a transcript is broken. With --rewrite the files get what was
// printed; review that difference like code: it is the promise.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "transcript.h"

int main(int count, char** arguments) {
  using namespace zcrew::scenarios;
  bool rewrite = false;
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--rewrite") {
      rewrite = true;
    } else {
      files.push_back(argument);
    }
  }
  if (files.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(ZCREW_SCENARIOS)) {
      const std::string name = entry.path().filename();
      if (entry.path().extension() == ".txt" && name != "CMakeLists.txt")
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  }
  int bad = 0;
  for (const std::string& file : files) {
    if (!replay(file, rewrite)) ++bad;
  }
  std::printf("%zu scenarios, %d differ\n", files.size(), bad);
  return bad == 0 && !files.empty() ? 0 : 1;
}
