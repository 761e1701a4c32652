#include "router/json_fields.h"

#include <fmt/core.h>

#include <utility>

namespace zcrew::router {

using nlohmann::json;

namespace {

// A value as an error shows it: short, whatever was sent.
std::string quoted(const json& value) {
  constexpr std::size_t shown_max = 40;
  std::string text = value.is_structured()
                         ? std::string(value.is_array() ? "an array" : "an object")
                         : value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > shown_max) text = text.substr(0, shown_max) + "…";
  return text;
}

}  // namespace

JsonFields::JsonFields(std::string_view text) : object_(json::object()) {
  if (text.empty()) return;
  json parsed = json::parse(text.begin(), text.end(), nullptr, false);
  if (parsed.is_discarded()) {
    complain("the arguments are not JSON.");
  } else if (!parsed.is_object()) {
    complain("the arguments must be a JSON object, for example {}.");
  } else {
    object_ = std::move(parsed);
  }
}

void JsonFields::complain(std::string problem) {
  if (!problem_) problem_ = std::move(problem);
}

const json* JsonFields::find(const char* name) {
  asked_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

std::optional<std::string> JsonFields::text(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  complain(fmt::format("'{}' must be a text, not {}.", name, quoted(*value)));
  return std::nullopt;
}

std::optional<std::uint64_t> JsonFields::number(const char* name, std::uint64_t min,
                                                std::uint64_t max) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) {
    const auto found = value->get<std::uint64_t>();
    if (found >= min && found <= max) return found;
  }
  complain(fmt::format("'{}' must be a whole number from {} to {}, not {}.", name, min, max,
                       quoted(*value)));
  return std::nullopt;
}

std::optional<std::uint32_t> JsonFields::number32(const char* name, std::uint32_t min,
                                                  std::uint32_t max) {
  const auto value = number(name, min, max);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::optional<bool> JsonFields::flag(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  complain(fmt::format("'{}' must be true or false, not {}.", name, quoted(*value)));
  return std::nullopt;
}

std::optional<JobId> JsonFields::job_of(const char* name, const json& value) {
  const auto* text = value.get_ptr<const json::string_t*>();
  const auto id = text == nullptr ? std::nullopt : parse_job_id(*text);
  if (!id) {
    complain(
        fmt::format("'{}': {} is not a job id (they look like q1p5n42).", name, quoted(value)));
  }
  return id;
}

std::optional<JobId> JsonFields::job(const char* name) {
  const json* value = find(name);
  return value == nullptr ? std::nullopt : job_of(name, *value);
}

std::optional<std::vector<JobId>> JsonFields::jobs(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array() || value->empty()) {
    complain(fmt::format("'{}' must be an array of at least one job id.", name));
    return std::nullopt;
  }
  std::vector<JobId> ids;
  for (const auto& element : *value) {
    const auto id = job_of(name, element);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

std::optional<std::string> JsonFields::problem() const {
  if (problem_) return problem_;
  for (const auto& [name, value] : object_.items()) {
    if (asked_.count(name) == 0) {
      return fmt::format("{} is not one of its arguments.", quoted(json(name)));
    }
  }
  return std::nullopt;
}

}  // namespace zcrew::router
