#include "http/route.h"

#include <algorithm>

namespace narrowgate::http {
namespace {

std::vector<Piece> parse_pattern(std::string_view pattern) {
  NG_CHECK(pattern.starts_with('/'));
  std::vector<Piece> out;
  for (std::string_view rest = pattern.substr(1); !rest.empty();) {
    const std::size_t slash = rest.find('/');
    std::string_view text = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    NG_CHECK(!text.empty() && (out.empty() || out.back().kind != Piece::Kind::rest));
    if (!text.starts_with('{')) {
      out.push_back({Piece::Kind::literal, std::string(text)});
      continue;
    }
    NG_CHECK(text.ends_with('}'));
    text = text.substr(1, text.size() - 2);
    const bool takes_rest = text.ends_with("...");
    out.push_back(
        {takes_rest ? Piece::Kind::rest : Piece::Kind::one, std::string(takes_rest ? text.substr(0, text.size() - 3) : text)});
  }
  return out;
}

std::string joined(const std::vector<std::string>& path, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < path.size(); ++i) out += (i > from ? "/" : "") + path[i];
  return out;
}

// Does a pattern's piece at the same place say more than the other's?
bool narrower(const std::vector<Piece>& a, const std::vector<Piece>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const Piece& x, const Piece& y) { return x.kind < y.kind; });
}

bool takes(const Router::Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

// {name} never takes a segment with a slash in it, which only "%2F" can make: {name...} joins by slashes and must stay readable.
std::optional<Fields> match(const std::vector<Piece>& pattern, const std::vector<std::string>& path) {
  Fields parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const Piece& piece = pattern[i];
    if (piece.kind == Piece::Kind::rest) {
      const bool hidden = std::any_of(path.begin() + std::ptrdiff_t(std::min(i, path.size())), path.end(),
                                      [](const auto& segment) { return segment.find('/') != std::string::npos; });
      if (hidden) return std::nullopt;
      parameters.emplace_back(piece.text, joined(path, i));
      return parameters;
    }
    if (i >= path.size()) return std::nullopt;
    if (piece.kind == Piece::Kind::literal && piece.text != path[i]) return std::nullopt;
    if (piece.kind == Piece::Kind::one) parameters.emplace_back(piece.text, path[i]);
  }
  if (pattern.size() != path.size()) return std::nullopt;
  return parameters;
}

Router::Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::on(std::string method, std::string pattern, Handler handler, RouteOptions options) {
  add({std::move(method), parse_pattern(pattern), std::move(handler), nullptr, options});
}

void Router::on_stream(std::string method, std::string pattern, StreamHandler handler, RouteOptions options) {
  add({std::move(method), parse_pattern(pattern), nullptr, std::move(handler), options});
}

void Router::add(Route route) {
  for (const auto& each : routes_) {
    const bool same =
        each.method == route.method && !narrower(each.pieces, route.pieces) && !narrower(route.pieces, each.pieces) &&
        std::equal(each.pieces.begin(), each.pieces.end(), route.pieces.begin(), route.pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.kind != Piece::Kind::literal || a.text == b.text; });
    NG_CHECK(!same);
  }
  const auto place =
      std::find_if(routes_.begin(), routes_.end(), [&](const Route& each) { return narrower(route.pieces, each.pieces); });
  routes_.insert(place, std::move(route));
}

Router::Found Router::find(const Request& request) const {
  Found found;
  for (const auto& route : routes_) {
    auto parameters = match(route.pieces, request.path);
    if (!parameters) continue;
    if (takes(route, request.method)) {
      found.route = &route;
      found.parameters = std::move(*parameters);
      return found;
    }
    if (std::find(found.allowed.begin(), found.allowed.end(), route.method) == found.allowed.end())
      found.allowed.push_back(route.method);
  }
  return found;
}

}  // namespace narrowgate::http
