// The two pages that an LMDB file begins with: each says what one of the last two commits left, and
// LMDB believes them as they are. A wrong bit there makes an older commit the last one, or has LMDB
// map what does not exist, so they are compared before LMDB sees them.
#pragma once

#include <string>

namespace zcrew::lmdb {

// What is wrong with those of a finished journal, in words, or "". Says nothing of a file that LMDB
// refuses by itself. Throws JournalError if the file cannot be read.
//
// One bit cannot be told: a last commit whose number is two too small looks as one whose page could
// not be written, of which LMDB itself takes the number back.
std::string fault_of_meta_pages(const std::string& file);

}  // namespace zcrew::lmdb
