//! Official Rust libraries behind a small C ABI, declared in `include/narrowgate_ffi.h`.
//!
//! Every entry borrows its inputs until it returns, hands out what a matching `_free` takes back, and turns a panic into an
//! error: nothing unwinds into C++. Handles are immutable once made, so any number of threads may use one at a time.
mod c_abi;
mod cedar;
mod jwt;

extern crate pg_query as _; // Its C functions are called from C++; without a mention the linker leaves them out.
