# What a purpose needs on this machine, and getting what is missing. Sourced, not run.
#
#   need build            a compiler, the libraries, a Rust toolchain
#   need postgres         a PostgreSQL server and psql, for tests and the demo
#   need clients          the drivers of test/clients, into the cache
#   need servers          PostgreSQL of other versions than Debian's, into the cache
#   need sanitizers       clang, for sanitizers and fuzzing
#   need tidy, format, lint, libraries
#                         what those checks run; the libraries alone, without Rust
#
# Installs Debian packages with apt-get, as root or through sudo, and says so before it does. Where everything is there already it
# touches nothing. Elsewhere than on Debian it names what it misses and stops. Nothing is written into the clone.
# shellcheck shell=bash

# What the crates in ffi/Cargo.lock ask for.
rust_wanted=1.89

# libboost1.81-dev by its full name: plain libboost-dev is 1.74 on Debian 12, and installing it removes 1.81.
packages_build='ca-certificates g++ cmake ninja-build ccache mold pkg-config python3 libboost1.81-dev libssl-dev
  libsqlite3-dev libzstd-dev libvectorscan-dev
  libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev libprotobuf-dev protobuf-compiler libgtest-dev libgmock-dev libpq-dev
  librapidcheck-dev prometheus-cpp-dev libclang-19-dev'
packages_postgres='postgresql-15 postgresql-client-15 openssl python3 libfaketime'
packages_sanitizers='clang-19 libclang-rt-19-dev'
packages_format='clang-format-19'
packages_lint='clang-tidy-19'
packages_tidy='g++ python3 git shellcheck'

need() {
  local purpose
  for purpose in "$@"; do
    case $purpose in
      build) need_packages "$purpose" "$packages_build" && need_rust && use_caches ;;
      libraries) need_packages "$purpose" "$packages_build" ;;
      postgres) need_packages "$purpose" "$packages_postgres" ;;
      clients) need_clients ;;
      servers) need_servers ;;
      sanitizers) need_packages "$purpose" "$packages_sanitizers" ;;
      format) need_packages "$purpose" "$packages_format" ;;
      lint) need_packages "$purpose" "$packages_lint" ;;
      tidy) need_packages "$purpose" "$packages_tidy" ;;
      *) fail "need: no such purpose: $purpose" ;;
    esac
  done
}

# ---- Debian packages

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

need_packages() {
  local purpose=$1 package missing=''
  command -v dpkg-query >/dev/null || return 0 # not Debian: CMake will name what it cannot find
  for package in $2; do is_installed "$package" || missing+=" $package"; done
  [ -z "$missing" ] && return 0
  say "$purpose needs Debian packages, installing:$missing"
  apt_update_once
  case $missing in *' postgresql-15'*) without_a_server_of_its_own ;; esac
  # shellcheck disable=SC2086  # a list of names
  apt_get install $missing || fail "apt-get could not install:$missing
  On another Debian than 12, install their equivalents by hand and run this again."
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends "$@" >&2
}

apt_update_once() {
  [ -n "${_apt_updated:-}" ] && return 0
  apt_get update || say 'apt-get update failed; going on with the package lists that are here'
  _apt_updated=1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this needs root, and there is no sudo. As root, run: $*"
  fi
}

# Debian's server package starts a database on port 5432 when it is first installed. We only want the programs.
without_a_server_of_its_own() {
  is_installed postgresql-common && return 0
  apt_get install postgresql-common || return 0
  as_root sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

# ---- Rust

need_rust() {
  has_rust && return 0
  if command -v rustup >/dev/null; then
    say "Rust is older than $rust_wanted: asking rustup for the newest"
    RUSTUP_AUTO_INSTALL=1 rustup toolchain install stable --profile minimal >&2 && export RUSTUP_TOOLCHAIN=stable
    has_rust && return 0
  fi
  rust_from_debian && has_rust && return 0
  rust_from_rustup && has_rust && return 0
  fail "the policy engine needs Rust $rust_wanted or newer, and this machine has ${_rust:-none}.
  Install it from https://rustup.rs and run this again."
}

has_rust() {
  _rust=''
  command -v cargo >/dev/null || return 1
  _rust=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || return 1
  [ -n "$_rust" ] && version_at_least "$rust_wanted" "$_rust"
}

version_at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# Debian 12's own rustc is 1.63. Its security archive carries a current one, kept for building browsers.
rust_from_debian() {
  command -v apt-cache >/dev/null || return 1
  apt_update_once
  local candidate
  candidate=$(apt-cache policy rustc-web 2>/dev/null | sed -n 's/^ *Candidate: //p')
  version_at_least "$rust_wanted" "${candidate%%+*}" || return 1
  if LC_ALL=C apt-get -s install --no-install-recommends cargo-web rustc-web 2>/dev/null | grep -q '^Remv'; then
    say "Debian's rustc-web would remove packages that are installed here; not taking it"
    return 1
  fi
  say "Rust ${_rust:-is missing}, $rust_wanted is needed: installing Debian's rustc-web and cargo-web $candidate"
  apt_get install cargo-web rustc-web || return 1
  hash -r
}

rust_from_rustup() {
  command -v curl >/dev/null || return 1
  say "Rust ${_rust:-is missing}, $rust_wanted is needed: installing it with rustup from https://sh.rustup.rs, for this user only"
  curl --proto '=https' --tlsv1.2 -fsS --max-time 60 https://sh.rustup.rs | sh -s -- -y --profile minimal --no-modify-path >&2 ||
    return 1
  PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
  hash -r
}

# ---- caches, outside the clone like ccache's own: the next clean clone builds warm

use_caches() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/narrowgate
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/cargo}
  if [ -z "${LIBCLANG_PATH:-}" ] && [ -d /usr/lib/llvm-19/lib ]; then export LIBCLANG_PATH=/usr/lib/llvm-19/lib; fi
  mkdir -p "$CARGO_TARGET_DIR"
}

# How many compilers side by side: one for each processor, if there is 1.5 GiB of memory for each.
parallel_jobs() {
  local processors memory
  processors=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1024 / 1536) }' /proc/meminfo 2>/dev/null || echo "$processors")
  if [ "$memory" -lt 1 ]; then memory=1; fi
  echo $((memory < processors ? memory : processors))
}
