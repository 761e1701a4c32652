// Descriptors 0, 1 and 2.
#pragma once

namespace zcrew::tool {

// Takes those the process was started without: else the journal or a socket would get one of these
// numbers, and be written to as if it were a log. Using them fails, as it should.
void occupy_standard_streams();

}  // namespace zcrew::tool
