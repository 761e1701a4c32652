// Whether as many descriptors are free as somebody is about to open. libzmq 4.3.4 ends the process
// where it finds none left for its own threads or for the list of network interfaces.
#pragma once

#include <cstddef>

namespace zcrew::net {

// Throws zcrew::Error (74) if fewer than `count` are. `purpose` stands behind "for" in its text.
void require_free_descriptors(std::size_t count, const char* purpose);

}  // namespace zcrew::net
