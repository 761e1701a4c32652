// Messages on their way: the core's views become owned bytes, so that they may arrive later.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <variant>

#include "core/effect.h"
#include "wire/messages.h"

namespace zcrew::sim {

class Texts {
 public:
  std::string_view keep(std::string_view text) { return texts_.emplace_back(text); }

 private:
  std::deque<std::string> texts_;
};

struct ToRouter {
  std::variant<wire::FrontendMessage, wire::BackendMessage> message;
  std::shared_ptr<Texts> texts;
};

// Re-points the views of a message to kept copies.
struct Keep {
  Texts& texts;
  void operator()(wire::JobResult& m) const {
    m.worker = texts.keep(m.worker);
    m.reason = texts.keep(m.reason);
    m.bytes = texts.keep(m.bytes);
  }
  void operator()(wire::RunItem& m) const { m.payload = texts.keep(m.payload); }
  void operator()(wire::Refused& m) const { m.text = texts.keep(m.text); }
  void operator()(wire::Error& m) const { m.text = texts.keep(m.text); }
  void operator()(wire::WorkerWelcome& m) const {
    for (wire::QueueName& queue : m.queues) queue.name = texts.keep(queue.name);
  }
  void operator()(core::ToGuideWorker& m) const { m.body = texts.keep(m.body); }
  void operator()(core::ToGuideClient& m) const { m.body = texts.keep(m.body); }
  template <typename Other>
  void operator()(Other&) const {}
};

struct ToPeer {
  core::Message message;
  std::shared_ptr<Texts> texts;

  explicit ToPeer(const core::Message& view) : message(view), texts(std::make_shared<Texts>()) {
    std::visit(Keep{*texts}, message);
  }
};

}  // namespace zcrew::sim
