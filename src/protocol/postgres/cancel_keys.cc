#include "protocol/postgres/cancel_keys.h"

#include "base/crypto.h"

namespace narrowgate::postgres {
namespace {

// Looked up by digest, so that the time of a look-up tells nothing about the secrets that exist.
std::string index_of(std::int32_t process, ByteView secret) {
  std::string text = std::to_string(process) + ':';
  text += as_text(secret);
  const Digest digest = sha256(text);
  return std::string(as_text(digest));
}

}  // namespace

CancelKeys::Key CancelKeys::add(std::int32_t process, std::size_t secret_bytes, net::Loop& loop, std::function<void()> cancel) {
  Key key{process, Bytes(secret_bytes)};
  const std::lock_guard lock(mutex_);
  do random_bytes(key.secret);
  while (entries_.contains(index_of(process, key.secret)));
  entries_.emplace(index_of(process, key.secret), Entry{process, &loop, std::move(cancel)});
  return key;
}

void CancelKeys::drop(const Key& key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(index_of(key.process, key.secret));
}

void CancelKeys::cancel(std::int32_t process, ByteView secret) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(index_of(process, secret));
  if (found != entries_.end()) found->second.loop->post(found->second.cancel);
}

}  // namespace narrowgate::postgres
