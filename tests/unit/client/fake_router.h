// A router's frontend of a few habits, over a real socket on a thread of its own: welcomes,
// confirms and answers as told, and writes down what it hears.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/socket.h"
#include "wire/messages.h"

namespace zcrew::client {

struct Habits {
  bool welcomes = true;
  bool confirms = true;
  bool gives_results = false;  // at once, for jobs that want them, instead of a confirm
  bool answers = true;         // ADMIN: with the verb as a JSON string
  std::uint32_t window_jobs = 16384;
  std::string refuses_version;  // the text of an ERROR instead of a WELCOME
};

class FakeRouter {
 public:
  explicit FakeRouter(Habits habits, const std::string& endpoint = "tcp://127.0.0.1:*");
  ~FakeRouter();
  FakeRouter(const FakeRouter&) = delete;
  FakeRouter& operator=(const FakeRouter&) = delete;

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  void set(const Habits& habits);
  // The payloads of all jobs so far, in order of arrival.
  [[nodiscard]] std::vector<std::string> jobs() const;
  // Waits, with a deadline, until this was heard: "HELLO", "SUBMIT", "ACK", "ASK", "BEAT", "ADMIN",
  // "BYE".
  [[nodiscard]] bool heard(const std::string& word, int times = 1) const;

 private:
  void serve(const std::function<void(const std::string&)>& tell_endpoint,
             const std::string& endpoint);
  void on(Peer peer, const wire::ClientHello& hello);
  void on(Peer peer, const wire::Submit& submit);
  void on(Peer peer, const wire::Admin& admin);
  void on(Peer, const wire::Ask&) { note("ASK"); }
  void on(Peer, const wire::Acknowledge&) { note("ACK"); }
  void on(Peer peer, const wire::Heartbeat& heartbeat);
  void on(Peer, const wire::Bye&) { note("BYE"); }
  void on(Peer, const wire::GuideRequest&) { note("GUIDE"); }
  void note(const std::string& word);
  void send(Peer peer, std::string_view frame);
  Habits habits() const;

  net::Context context_;
  net::Wakeup wakeup_;
  net::RouterSocket* socket_ = nullptr;  // the serving thread's
  Sequence sequence_ = 1;
  std::string endpoint_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Protected by mutex_:
  Habits habits_;
  std::vector<std::string> jobs_;
  std::vector<std::string> words_;
  std::thread thread_;
};

// An endpoint of this host where nobody listens.
std::string free_endpoint();

}  // namespace zcrew::client
