# The areas of scripts/test. Sourced after compile.sh and servers.sh, with $root and $results set.
#
# An area is a function that runs tests and leaves what they counted as $results/<area>.json: {"passed", "failed", "skipped"}.
# One that ends badly without saying so counts as one failed test.
# shellcheck shell=bash
: "${root:?}" "${results:?}" "${server_versions:?}"

run_area() {
  local area=$1 started=$SECONDS status=0
  say "$area"
  # A subshell, so that an area which gives up does not take the others along.
  (area_"$area") || status=$?
  python3 "$root/scripts/lib/tally.py" area "$results" "$area" "$status" "$((SECONDS - started))"
}

area_tidy() {
  need tidy format libraries # headers are compiled one by one
  python3 "$root/test/tidy/run.py" --json "$results/tidy.json"
}

area_unit() { unit_tests dev unit; }
area_sanitize() { unit_tests asan-ubsan sanitize; }
area_tsan() { unit_tests tsan tsan; }

# Unit tests may ask for a real server: the store's and the fakes' own tests do.
unit_tests() {
  need postgres
  compile "$1" || return 1
  run_ctest "$1" "$2" -L unit
}

area_fuzz() {
  need build sanitizers
  local targets
  (cd "$root" && cmake --preset fuzz -DNG_FUZZ_SECONDS="${NG_FUZZ_SECONDS:-5}") >&2 || return 1
  mapfile -t targets < <(fuzz_targets fuzz)
  [ ${#targets[@]} -gt 0 ] || fail 'the fuzz preset has no fuzz target'
  compile fuzz "${targets[@]}" || return 1
  run_ctest fuzz fuzz -L fuzz
}

area_postgres() {
  need postgres
  compile release && compile release narrowgate_allow_all || return 1
  local status=0
  python3 "$root/test/e2e/run.py" --json "$results/postgres.e2e.json" || status=1
  python3 "$root/test/postgres_redteam.py" --json "$results/postgres.redteam.json" || status=1
  python3 "$root/test/oracle/run.py" --json "$results/postgres.oracle.json" || status=1
  python3 "$root/scripts/lib/tally.py" sum "$results/postgres.json" "$results/postgres.e2e.json" \
    "$results/postgres.redteam.json" "$results/postgres.oracle.json"
  return $status
}

area_clients() {
  need postgres clients
  compile release || return 1
  python3 "$root/test/clients/run.py" --json "$results/clients.json"
}

area_versions() {
  need postgres servers
  compile release || return 1
  local version pid status=0 pids=()
  for version in $server_versions; do
    while [ "$(jobs -pr | wc -l)" -ge 2 ]; do sleep 1; done # two at a time: they mostly wait
    with_server "$version" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || status=1; done
  python3 "$root/scripts/lib/tally.py" sum "$results/versions.json" "$results"/versions.*.json
  return $status
}

with_server() {
  local status=0
  export NARROWGATE_POSTGRES=$NG_SERVERS/$1
  say "PostgreSQL $1"
  python3 "$root/test/e2e/run.py" --json "$results/versions.$1.json" Statements Holds EachGrant Hardened Orphans \
    Masking FastPath Sessions Pipelines Copy Warm Followed || status=1
  [ "$1" -lt 15 ] && return $status # the tables' fixtures make what 15 has first
  python3 "$root/test/postgres_redteam.py" --json "$results/versions.$1.redteam.json" || status=1
  return $status
}

area_demo() {
  "$root/scripts/demo" --check --json "$results/demo.json"
}

# run_ctest PRESET AREA ARGUMENT…: counts the test cases inside the programs, not the programs.
run_ctest() {
  local preset=$1 area=$2 cases=$results/$2.cases status=0
  shift 2
  mkdir "$cases"
  (cd "$root" && GTEST_OUTPUT="json:$cases/" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    --parallel "$(parallel_jobs)" --output-junit "$cases/ctest.xml" "$@") || status=$?
  python3 "$root/scripts/lib/tally.py" ctest "$cases" "$results/$area.json" "$status"
}
