// What clients, workers and Guide programs do in a transcript.
#pragma once

#include "words.h"
#include "world.h"

namespace zcrew::scenarios {

void client_input(World& world, Words& words);
void worker_input(World& world, Words& words);
void guide_worker_input(World& world, Words& words);
void guide_client_input(World& world, Words& words);
void gone_input(World& world, Words& words);
void malformed_input(World& world, Words& words);

}  // namespace zcrew::scenarios
