// Memory of coroutine frames, kept by the thread that freed it for the next frame of that size. A request runs through a handful
// of coroutines; asking the allocator for each costs more than what they do.
#pragma once

#include <cstddef>

namespace narrowgate::detail {

void* take_frame(std::size_t bytes);
void give_frame(void* frame, std::size_t bytes) noexcept;

}  // namespace narrowgate::detail
