#include <algorithm>

#include "grant/scope.h"

namespace narrowgate::grant {
namespace {

template <class T>
std::optional<T> smaller(const std::optional<T>& a, const std::optional<T>& b) {
  if (!a) return b;
  return b ? std::min(*a, *b) : a;
}

template <class T>
bool at_most(const std::optional<T>& inner, const std::optional<T>& outer) {
  return !outer || (inner && *inner <= *outer);
}

}  // namespace

Limits meet(const Limits& a, const Limits& b) {
  return {smaller(a.rows_read, b.rows_read), smaller(a.rows_written, b.rows_written), smaller(a.bytes, b.bytes),
          smaller(a.statement, b.statement)};
}

bool within(const Limits& inner, const Limits& outer) {
  return at_most(inner.rows_read, outer.rows_read) && at_most(inner.rows_written, outer.rows_written) &&
         at_most(inner.bytes, outer.bytes) && at_most(inner.statement, outer.statement);
}

}  // namespace narrowgate::grant
