#include "transcript.h"

#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "fold.h"
#include "inputs.h"
#include "words.h"

namespace zcrew::scenarios {
namespace {

struct Block {
  std::string preface;  // comments and blank lines, as they are
  std::vector<std::string> inputs;
  std::string output;
  std::size_t line = 0;
};

struct Transcript {
  std::string head;  // the paragraph and the settings, as they are
  WorldOptions options;
  std::vector<Block> blocks;
};

bool is_comment(const std::string& line) { return line.empty() || line[0] == '#'; }

Transcript parse(std::istream& in) {
  Transcript transcript;
  Block block;
  bool in_output = false;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (in_output) {
      if (!line.empty()) {
        block.output += line + "\n";
        continue;
      }
      transcript.blocks.push_back(std::move(block));
      block = Block{};
      in_output = false;
    } else if (line == "----") {
      in_output = true;
    } else if (line.rfind("config ", 0) == 0) {
      if (!transcript.blocks.empty() || !block.inputs.empty()) {
        throw ScriptError("settings come first");
      }
      configure(transcript.options, line);
      transcript.head += block.preface + line + "\n";
      block.preface.clear();
    } else if (is_comment(line)) {
      if (!block.inputs.empty())
        throw ScriptError("an input without ---- at line " + std::to_string(number));
      if (!line.empty()) block.preface += line + "\n";
      if (transcript.blocks.empty() && line.empty()) {
        transcript.head += block.preface;
        if (!transcript.head.empty()) transcript.head += "\n";
        block.preface.clear();
      }
    } else {
      if (block.inputs.empty()) block.line = number;
      block.inputs.push_back(line);
    }
  }
  if (!block.inputs.empty()) transcript.blocks.push_back(std::move(block));
  return transcript;
}

std::string render(const Transcript& transcript) {
  std::string text = transcript.head;
  const char* gap = "";
  for (const Block& block : transcript.blocks) {
    text += gap + block.preface;
    for (const std::string& input : block.inputs) text += input + "\n";
    text += "----\n" + block.output;
    gap = "\n";
  }
  return text;
}

std::string replay_block(World& world, const Block& block) {
  for (const std::string& input : block.inputs) perform(world, input);
  return fold(world.take_output());
}

void print_difference(const std::string& path, const Block& block, const std::string& output) {
  std::printf("%s:%zu: %s\n", path.c_str(), block.line, block.inputs.back().c_str());
  std::istringstream expected(block.output);
  std::istringstream actual(output);
  std::string want;
  std::string got;
  for (;;) {
    const bool has_want = static_cast<bool>(std::getline(expected, want));
    const bool has_got = static_cast<bool>(std::getline(actual, got));
    if (!has_want && !has_got) return;
    if (has_want && has_got && want == got) {
      std::printf("    %s\n", want.c_str());
      continue;
    }
    if (has_want) std::printf("  - %s\n", want.c_str());
    if (has_got) std::printf("  + %s\n", got.c_str());
  }
}

}  // namespace

bool replay(const std::string& path, bool rewrite) {
  std::ifstream file(path);
  const Block* at = nullptr;
  try {
    if (!file) throw ScriptError("cannot be read");
    Transcript transcript = parse(file);
    if (transcript.blocks.empty()) throw ScriptError("holds no input");
    World world(transcript.options);
    bool equal = true;
    for (Block& block : transcript.blocks) {
      at = &block;
      const std::string output = replay_block(world, block);
      if (output == block.output) continue;
      equal = false;
      if (!rewrite) print_difference(path, block, output);
      block.output = output;
    }
    if (rewrite) std::ofstream(path) << render(transcript);
    return equal || rewrite;
  } catch (const ScriptError& error) {
    std::printf("%s:%zu: %s\n", path.c_str(), at == nullptr ? std::size_t{1} : at->line,
                error.what());
    return false;
  }
}

}  // namespace zcrew::scenarios
