// The I/O library, compiled once (asio.cc). For the .cc files and inner headers of this folder only.
#pragma once

#define BOOST_ASIO_SEPARATE_COMPILATION
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace narrowgate::net {
namespace asio = boost::asio;
using Failure = boost::system::error_code;
}  // namespace narrowgate::net
