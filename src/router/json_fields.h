// Reads the fields of a request's JSON object by name and type, and remembers the first thing that
// was wrong, so that a caller reads all fields straight on and asks once. Pure, throws nothing for
// any document.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace zcrew::router {

class JsonFields {
 public:
  // `text` should be a JSON object; an empty text counts as {}.
  explicit JsonFields(std::string_view text);

  // A missing field is nullopt, a field of another type or out of range too, with a problem.
  std::optional<std::string> text(const char* name);
  std::optional<std::uint64_t> number(const char* name, std::uint64_t min, std::uint64_t max);
  std::optional<std::uint32_t> number32(const char* name, std::uint32_t min, std::uint32_t max);
  std::optional<bool> flag(const char* name);
  std::optional<JobId> job(const char* name);
  std::optional<std::vector<JobId>> jobs(const char* name);

  // The same, where the field must be there.
  template <typename T>
  T required(const char* name, std::optional<T> value) {
    if (!value) complain(std::string("'") + name + "' is missing.");
    return value ? std::move(*value) : T{};
  }

  void complain(std::string problem);

  // The first problem; else a field that nothing asked for; nullopt if all is well.
  [[nodiscard]] std::optional<std::string> problem() const;

 private:
  const nlohmann::json* find(const char* name);
  std::optional<JobId> job_of(const char* name, const nlohmann::json& value);

  nlohmann::json object_;
  std::set<std::string_view> asked_;
  std::optional<std::string> problem_;
};

}  // namespace zcrew::router
