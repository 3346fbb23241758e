// Addresses as the system writes them.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <vector>

#include "net/stream.h"

namespace narrowgate::net {

struct SystemAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

enum class Lookup { connect, listen };
// Blocks while a name is looked up; never for an IP address.
Result<std::vector<SystemAddress>> look_up(const Address& address, Lookup purpose);
bool is_ip_address(const std::string& host);

Address from_system(const SystemAddress& address);
Address peer_of(int fd);
Address local_of(int fd);

// What every TCP connection of ours has: no delay for small messages, and a sign of life asked for now and then.
void set_options(int fd);

}  // namespace narrowgate::net
