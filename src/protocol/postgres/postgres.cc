#include "protocol/postgres/postgres.h"

#include "protocol/postgres/conversation.h"

namespace narrowgate::postgres {
namespace {

class Postgres final : public Protocol {
 public:
  Postgres(GreetingOptions options, Catalogs& catalogs, WarmUpstreams& warm, net::Pool& pool, const masking::Masks& masks,
           const Clock& clock)
      : common_{std::move(options), pool, catalogs, cancel_keys_, warm, scram_memory_, masks, clock} {}

  std::string_view name() const override { return "postgres"; }
  std::unique_ptr<Conversation> converse(std::unique_ptr<net::Stream> client) override {
    return std::make_unique<PostgresConversation>(common_, std::move(client));
  }

 private:
  CancelKeys cancel_keys_;
  ScramMemory scram_memory_;
  Common common_;
};

}  // namespace

std::unique_ptr<Protocol> make_postgres(GreetingOptions options, Catalogs& catalogs, WarmUpstreams& warm, net::Pool& pool,
                                        const masking::Masks& masks, const Clock& clock) {
  return std::make_unique<Postgres>(std::move(options), catalogs, warm, pool, masks, clock);
}

}  // namespace narrowgate::postgres
