#include "names.h"

#include <algorithm>

#include "words.h"

namespace zcrew::scenarios {

Peer Names::connect(const std::string& program, PeerKind kind) {
  const auto peer = static_cast<Peer>(connections_.size() + 1);
  connections_[peer] = Connection{program, ++counts_[program], kind};
  return peer;
}

Peer Names::find(std::string_view text) const {
  const auto colon = text.find(':');
  const auto count = counts_.find(text.substr(0, colon));
  if (count == counts_.end()) throw ScriptError(std::string(text) + " has no connection");
  const std::uint64_t number =
      colon == std::string_view::npos ? count->second : parse_number(text.substr(colon + 1));
  for (const auto& [peer, connection] : connections_) {
    if (connection.program == count->first && connection.number == number) return peer;
  }
  throw ScriptError(std::string(text) + " has not connected that often");
}

std::string Names::text(Peer peer) const {
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return "peer " + std::to_string(static_cast<unsigned>(peer));
  const Connection& connection = found->second;
  if (connection.number == 1) return connection.program;
  return connection.program + ":" + std::to_string(connection.number);
}

const std::string& Names::program(Peer peer) const { return connections_.at(peer).program; }

Uuid Names::uuid(const std::string& program) {
  Uuid uuid;
  std::copy_n(program.begin(), std::min(program.size(), uuid.bytes.size()), uuid.bytes.begin());
  uuids_[uuid] = program;
  return uuid;
}

std::string Names::text(const Uuid& uuid) const {
  if (uuid == Uuid{}) return "none";
  const auto found = uuids_.find(uuid);
  return found == uuids_.end() ? zcrew::to_text(uuid) : found->second;
}

std::string Names::readable(std::string sentence) const {
  for (const auto& [uuid, program] : uuids_) {
    const std::string hex = zcrew::to_text(uuid);
    for (auto at = sentence.find(hex); at != std::string::npos; at = sentence.find(hex)) {
      sentence.replace(at, hex.size(), "<" + program + ">");
    }
  }
  return sentence;
}

void Names::remember(const std::string& program, const Token& token) {
  tokens_[{program, token.job}] = token;
}

Token Names::token(const std::string& program, std::string_view text) const {
  const auto hash = text.find('#');
  const auto job = parse_job_id(text.substr(0, hash));
  if (!job) throw ScriptError("not a job id or token: " + std::string(text));
  if (hash != std::string_view::npos) {
    const auto at = text.find('@', hash);
    if (at == std::string_view::npos) throw ScriptError("a token ends in @epoch");
    return Token{*job,
                 static_cast<std::uint32_t>(parse_number(text.substr(hash + 1, at - hash - 1))),
                 static_cast<Epoch>(parse_number(text.substr(at + 1)))};
  }
  const auto found = tokens_.find({program, *job});
  if (found == tokens_.end()) {
    throw ScriptError(program + " never got " + std::string(text) + ": spell the token");
  }
  return found->second;
}

std::string to_text(const Token& token) {
  return zcrew::to_text(token.job) + "#" + std::to_string(token.handout) + "@" +
         std::to_string(token.epoch);
}

}  // namespace zcrew::scenarios
