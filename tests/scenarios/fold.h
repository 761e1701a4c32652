// Makes long outputs readable: neighbouring lines that differ only in numbers which all rise by one
// become one line, with `..` and the last number behind each that rises.
//
//   send   w1 run q1p5n1#1@1 attempt=1 "a1"
//   send   w1 run q1p5n2#1@1 attempt=1 "a2"     →     send   w1 run q1p5n1..2#1@1 attempt=1 "a1..2"
//
// Nothing is lost: the lines can be written out again.
#pragma once

#include <string>

namespace zcrew::scenarios {

std::string fold(const std::string& lines);

}  // namespace zcrew::scenarios
