// Result<T>: a value or an Error. The only way a fallible function of ours answers.
//
//   Result<Startup> decode(ByteView bytes) {
//     NG_TRY(auto header, decode_header(bytes));   // returns the Error, or declares `header`
//     return Startup{header};
//   }
//   Task<Result<Done>> greet(Stream& client) {
//     NG_CO_TRY(auto startup, co_await read_startup(client));
//     co_return Done{};
//   }
#pragma once

#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace narrowgate {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& { return NG_CHECK(ok()), std::get<0>(state_); }
  T& value() & { return NG_CHECK(ok()), std::get<0>(state_); }
  T take() && { return NG_CHECK(ok()), std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& { return NG_CHECK(!ok()), std::get<1>(state_); }
  Error error() && { return NG_CHECK(!ok()), std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

using Done = std::monostate;  // Result<Done>: it worked, and there is nothing to hand back.

}  // namespace narrowgate

#define NG_PASTE2(a, b) a##b
#define NG_PASTE(a, b) NG_PASTE2(a, b)
#define NG_TRY_AS(tmp, ret, decl, ...)       \
  auto tmp = (__VA_ARGS__);                  \
  if (!tmp.ok()) ret std::move(tmp).error(); \
  decl = std::move(tmp).take()
// `decl` is a declaration or an lvalue: NG_TRY(auto x, f()); NG_TRY(this->x_, f());
#define NG_TRY(decl, ...) NG_TRY_AS(NG_PASTE(try_, __LINE__), return, decl, __VA_ARGS__)
#define NG_CO_TRY(decl, ...) NG_TRY_AS(NG_PASTE(try_, __LINE__), co_return, decl, __VA_ARGS__)
// The same where only success matters.
#define NG_TRY_VOID(...)                                                             \
  if (auto NG_PASTE(try_, __LINE__) = (__VA_ARGS__); !NG_PASTE(try_, __LINE__).ok()) \
  return std::move(NG_PASTE(try_, __LINE__)).error()
#define NG_CO_TRY_VOID(...)                                                          \
  if (auto NG_PASTE(try_, __LINE__) = (__VA_ARGS__); !NG_PASTE(try_, __LINE__).ok()) \
  co_return std::move(NG_PASTE(try_, __LINE__)).error()
