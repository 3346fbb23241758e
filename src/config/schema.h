// Every option of narrowgate.yaml, declared once.
#pragma once

#include "config/form.h"

namespace narrowgate::config {

const Form<Config>& schema();

// What options say of each other: names that must exist, and settings that contradict. Completes what follows from several
// options (the two sides of agents and templates). Complaints go to `reading`.
void check(Config& config, Reading& reading);

}  // namespace narrowgate::config
