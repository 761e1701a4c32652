// A transcript file: a paragraph, settings, then inputs and what they lead to.
//
//   # D1: what this story shows.
//   config heartbeat=1s
//
//   t=0s client c1 hello
//   ----
//   send   c1 welcome …
//
// A blank line ends an output. Several inputs may share one output.
#pragma once

#include <string>

namespace zcrew::scenarios {

// Replays one file and prints how it differs; true if it does not. With `rewrite` the file's
// outputs become what happened, unless the transcript itself is broken.
bool replay(const std::string& path, bool rewrite);

}  // namespace zcrew::scenarios
