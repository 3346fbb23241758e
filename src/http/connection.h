// One client's connection to the server: read a request, find its route, let it be handled, answer, again.
#pragma once

#include <atomic>
#include <set>

#include "http/reader.h"
#include "http/route.h"

namespace narrowgate::http {

// What all connections of one server share. They keep it alive.
struct Service {
  ServerOptions options;
  Router router;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> stopping{false};
};

class Connection;

// The connections of one loop; touched on that loop only.
struct Room {
  std::set<Connection*> connections;
};

class Connection {
 public:
  static Task<void> serve(std::shared_ptr<Service> service, std::shared_ptr<Room> room, std::unique_ptr<net::Stream> stream);

  Connection(Service& service, Room& room, std::unique_ptr<net::Stream> stream);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void stop();  // closes if it is between requests

  // For the writer of a streamed response.
  Task<Result<Done>> send(std::string_view bytes);
  Task<Result<Done>> send_head(Response& response);
  bool stopping() const { return service_.stopping; }
  bool chunks() const { return minor_version_ == 1; }
  bool head_only() const { return head_only_; }

 private:
  enum class Next { request, end };

  Task<void> run();
  Task<Next> one_request();
  Task<Result<Done>> read_more(Duration at_most);
  Task<Result<Stage>> read_until(Stage stage, MonoTime deadline);
  Task<Result<Done>> read_head();
  Task<Result<Done>> read_body(const RouteOptions& options);
  Task<Result<Done>> greet();
  Task<Next> answer_error(Error error);
  Task<Next> answer_unrouted(const Router::Found& found);
  Task<Next> handle(const Router::Found& found);
  Task<bool> call_handler(const Router::Route& route, const Call& call);
  Task<Next> answer(Response response);

  Service& service_;
  Room& room_;
  std::unique_ptr<net::Stream> stream_;
  RequestReader reader_;
  Stage stage_ = Stage::head;  // of the request being read
  bool between_requests_ = true;
  bool keep_ = true;        // the connection may serve another request after this one
  bool head_only_ = false;  // the request is HEAD
  int minor_version_ = 1;
};

}  // namespace narrowgate::http
