#include "net/descriptor.h"

#include <unistd.h>

namespace narrowgate::net {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace narrowgate::net
