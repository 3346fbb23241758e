#include "http/server.h"

#include "base/log.h"
#include "http/connection.h"

namespace narrowgate::http {
namespace {

class ListeningServer final : public Server {
 public:
  ListeningServer(ServerOptions options, Router router, std::vector<net::Loop*> loops) : loops_(std::move(loops)) {
    service_->options = std::move(options);
    service_->router = std::move(router);
    for (std::size_t i = 0; i < loops_.size(); ++i) rooms_.push_back(std::make_shared<Room>());
  }
  ~ListeningServer() override { stop(); }

  Result<Done> listen() {
    auto handler = [service = service_, rooms = rooms_, loops = loops_](std::unique_ptr<net::Stream> stream) {
      const auto place = std::find(loops.begin(), loops.end(), &stream->loop()) - loops.begin();
      admit(service, rooms[std::size_t(place)], std::move(stream));
    };
    NG_TRY(listener_, net::Listener::listen(service_->options.at, loops_, std::move(handler)));
    return Done{};
  }

  net::Address local() const override { return listener_->local(); }

  void stop() override {
    if (service_->stopping.exchange(true)) return;
    if (!listener_) return;
    listener_->stop();
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      loops_[i]->post([room = rooms_[i]] {
        for (Connection* connection : room->connections) connection->stop();
      });
    }
  }

 private:
  static void admit(const std::shared_ptr<Service>& service, const std::shared_ptr<Room>& room,
                    std::unique_ptr<net::Stream> stream) {
    if (service->stopping) return;
    if (service->connections >= service->options.connections_max) {
      log_warning("http connection refused", {{"peer", stream->peer().to_string()}, {"reason", "too many connections"}});
      return;
    }
    net::Loop& loop = stream->loop();
    loop.spawn(Connection::serve(service, room, std::move(stream)));
  }

  std::vector<net::Loop*> loops_;
  std::shared_ptr<Service> service_ = std::make_shared<Service>();
  std::vector<std::shared_ptr<Room>> rooms_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Router router, std::vector<net::Loop*> loops) {
  auto server = std::make_unique<ListeningServer>(std::move(options), std::move(router), std::move(loops));
  NG_TRY_VOID(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace narrowgate::http
