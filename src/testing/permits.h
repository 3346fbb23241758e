// Stands in for the one class that may mint permits, so that a test can drive a conversation without a session.
//
// Never in one program with the room session, whose class this name belongs to.
#pragma once

#include "policy/decision.h"

namespace narrowgate::session {

class Authorizer {
 public:
  static OpenPermit open_permit() { return {}; }
  static Permitted permit(std::unique_ptr<Request> request, Enforced enforced, bool approved) {
    static const auto none = std::make_shared<const std::set<std::string>>();
    return {std::move(request), std::make_shared<const std::string>("dec_test"), enforced, none, approved};
  }
};

}  // namespace narrowgate::session
