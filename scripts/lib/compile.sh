# Configuring and building one CMake preset. Sourced after say.sh and need.sh, with $root set.
# shellcheck shell=bash
: "${root:?}"

# compile PRESET [TARGET…]: everything, or these targets.
compile() {
  local preset=$1
  shift
  need build
  case $preset in asan-ubsan | tsan | fuzz) need sanitizers ;; esac
  say "building $preset (the first time takes a while: 10 to 20 minutes on two cores)"
  (cd "$root" && cmake --preset "$preset") >&2 || return 1
  (cd "$root" && cmake --build --preset "$preset" --parallel "$(parallel_jobs)" ${1:+--target "$@"}) >&2
}

# The fuzz targets a configured build folder knows.
fuzz_targets() { ninja -C "$root/build/$1" -t targets all | sed -n 's/^\(ng_[a-z0-9_]*_fuzz\): phony$/\1/p'; }
