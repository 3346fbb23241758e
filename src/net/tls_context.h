// What is behind TlsServer and TlsClient. Only their create() makes them, so a cast from the public face is sound.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "net/tls.h"

namespace narrowgate::net {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<SSL_CTX, FreeContext>;

struct TlsServerContext final : TlsServer, std::enable_shared_from_this<TlsServerContext> {
  ContextPtr context;
  std::string alpn;  // as on the wire: each name behind its length
};
struct TlsClientContext final : TlsClient, std::enable_shared_from_this<TlsClientContext> {
  ContextPtr context;
};

}  // namespace narrowgate::net
