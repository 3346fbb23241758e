// The inside of a Router: patterns as pieces.
#pragma once

#include "http/server.h"

namespace narrowgate::http {

struct Piece {
  enum class Kind { literal, one, rest };  // in the order in which they win
  Kind kind;
  std::string text;  // the literal, or the parameter's name
};

struct Router::Route {
  std::string method;
  std::vector<Piece> pieces;
  Handler handler;  // one of the two
  StreamHandler stream_handler;
  RouteOptions options;
};

std::optional<Fields> match(const std::vector<Piece>& pattern, const std::vector<std::string>& path);

}  // namespace narrowgate::http
