// The names that transcripts use for what the core knows by numbers: connections, worker
// instances, sessions and tokens.
//
// A program named w1 has the instance or session uuid "w1"; its first connection is printed as
// `w1`, its second as `w1:2`. As an input, `w1` means its newest connection.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace zcrew::scenarios {

enum class PeerKind : std::uint8_t { client, worker, guide_client, guide_byte, guide_word };

class Names {
 public:
  Peer connect(const std::string& program, PeerKind kind);
  [[nodiscard]] Peer find(std::string_view text) const;  // throws ScriptError
  [[nodiscard]] std::string text(Peer peer) const;
  [[nodiscard]] PeerKind kind(Peer peer) const { return connections_.at(peer).kind; }
  // The program's name behind a connection.
  [[nodiscard]] const std::string& program(Peer peer) const;

  Uuid uuid(const std::string& program);
  [[nodiscard]] std::string text(const Uuid& uuid) const;

  // Notes are sentences of the core's own: uuids inside become names.
  [[nodiscard]] std::string readable(std::string sentence) const;

  // The last token that was sent to the program for the job.
  void remember(const std::string& program, const Token& token);
  // "q1p5n1#2@1", or the job's id for the token remembered.
  [[nodiscard]] Token token(const std::string& program, std::string_view text) const;

 private:
  struct Connection {
    std::string program;
    unsigned number = 1;
    PeerKind kind = PeerKind::client;
  };
  std::map<Peer, Connection> connections_;
  std::map<std::string, unsigned, std::less<>> counts_;
  std::map<Uuid, std::string> uuids_;
  std::map<std::pair<std::string, JobId>, Token> tokens_;
};

std::string to_text(const Token& token);  // job#hand-out@epoch

}  // namespace zcrew::scenarios
