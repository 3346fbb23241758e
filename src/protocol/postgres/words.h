// An upstream's own words (errors, notices, notifications) as a client may read them.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "detect/detectors.h"

namespace narrowgate::postgres {

struct WordRules {
  bool printable = true;                         // control characters and what hides or reorders text are spelt out
  bool keep_details = false;                     // what may quote the values of masked columns is left out
  const detect::Detectors* detectors = nullptr;  // what they find is masked; nullptr: nothing is looked for
};

// The message in the place of an 'E', 'N' or 'A' with that body; "" if it passes as it is.
Result<std::string> words_for_client(char type, ByteView body, const WordRules& rules);

}  // namespace narrowgate::postgres
