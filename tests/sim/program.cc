#include "program.h"

#include <algorithm>

#include "simulation.h"

namespace zcrew::sim {

void Program::kill() {
  ++life_;
  frozen_until_ = {};
  sim_.lose_all_of(*this);
  if (line) {
    const Line dead = line;
    sim_.disconnect(*this);
  }
  ++life_;  // what disconnecting set off is dead as well
  start();
}

void Program::freeze(Duration length) {
  sim_.lose_all_of(*this);
  frozen_until_ = std::max(frozen_until_, sim_.schedule().now() + length);
}

void Program::later(Duration wait, std::function<void()> action) {
  sim_.schedule().after(wait,
                        [this, life = life_, action = std::move(action)] { due(life, action); });
}

void Program::later_on_line(Duration wait, std::function<void()> action) {
  later(wait, [this, same = line, action = std::move(action)] {
    if (same == line && line) action();
  });
}

void Program::due(unsigned life, const std::function<void()>& action) {
  if (life != life_) return;
  if (sim_.schedule().now() < frozen_until_) {
    sim_.schedule().at(frozen_until_, [this, life, action] { due(life, action); });
    return;
  }
  action();
}

}  // namespace zcrew::sim
