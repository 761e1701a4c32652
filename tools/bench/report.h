// A benchmark's result as a document for scripts and as lines for people. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/plan.h"
#include "bench/result.h"

namespace zcrew::tool::bench {

nlohmann::ordered_json to_json(const Plan& plan, const Result& result);
std::string to_text(const Plan& plan, const Result& result);

}  // namespace zcrew::tool::bench
