#include "log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace zcrew::tool {

namespace {

// The message as a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD.
class JsonText : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const nlohmann::json text = std::string(message.payload.data(), message.payload.size());
    const std::string quoted = text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out.append(quoted.data(), quoted.data() + quoted.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonText>();
  }
};

}  // namespace

void start_log(const LogSettings& settings) {
  auto logger =
      std::make_shared<spdlog::logger>("zcrew", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto layout = std::make_unique<spdlog::pattern_formatter>();
  layout->add_flag<JsonText>('*').set_pattern(
      settings.json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})"
                    : "%Y-%m-%d %H:%M:%S.%e %l: %v");
  logger->set_formatter(std::move(layout));
  logger->set_level(spdlog::level::from_str(settings.level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void log_line(LogLevel level, const std::string& text) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::debug("{}", text);
    case LogLevel::info:
      return spdlog::info("{}", text);
    case LogLevel::warning:
      return spdlog::warn("{}", text);
    case LogLevel::error:
      return spdlog::error("{}", text);
  }
}

}  // namespace zcrew::tool
