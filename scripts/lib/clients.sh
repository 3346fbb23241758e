# The drivers that test/clients runs, from their own registries, into the cache. Sourced after need.sh, with $root set.
#
# Versions are pinned: requirements.txt, go.sum and package-lock.json beside the programs, the rest here. What is there already is
# left alone until one of those files changes.
# shellcheck shell=bash
: "${root:?}"

pgjdbc_version=42.7.14
pgjdbc_sha256=73914527305a40cce504b0d3d90b23caf565136912d607ae8ae7c5895512332c
go_wanted=1.25
go_version=1.26.8 # where it is older or missing

need_clients() {
  local missing=''
  command -v java >/dev/null || missing+=' default-jdk-headless'
  command -v npm >/dev/null || missing+=' nodejs npm'
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=' python3-venv'
  need_packages clients "ca-certificates curl unzip python3$missing"
  export NG_CLIENTS=${XDG_CACHE_HOME:-$HOME/.cache}/narrowgate/clients
  mkdir -p "$NG_CLIENTS"
  "$NG_CLIENTS/python/bin/python" -c 'import psycopg, asyncpg, sqlalchemy' 2>/dev/null || rm -f "$NG_CLIENTS/python.of"
  once python "$root/test/clients/requirements.txt" get_python_clients
  once pgjdbc "$root/scripts/lib/clients.sh" get_pgjdbc
  once node "$root/test/clients/node" get_node_client
  get_pgx_client || fail 'the client in Go could not be built; what failed is above'
}

# once NAME SOURCE COMMAND: unless it was done for exactly this SOURCE.
once() {
  local mark=$NG_CLIENTS/$1.of digest
  digest=$(find "$2" -type f -print0 | sort -z | xargs -0 cat | sha256sum)
  [ "$(cat "$mark" 2>/dev/null)" = "$digest" ] && return 0
  say "getting the clients' $1"
  rm -f "$mark" # it goes before what it vouches for
  "$3" >&2 || fail "the clients' $1 could not be had; what failed is above"
  echo "$digest" >"$mark"
}

get_python_clients() {
  rm -rf "$NG_CLIENTS/python"
  python3 -m venv "$NG_CLIENTS/python" &&
    "$NG_CLIENTS/python/bin/pip" install -q --disable-pip-version-check -r "$root/test/clients/requirements.txt"
}

# fetch URL SHA256 FILE
fetch() {
  curl --proto '=https' -fsSL --retry 3 --max-time 300 -o "$3.part" "$1" || return 1
  echo "$2  $3.part" | sha256sum --check --quiet - && mv "$3.part" "$3"
}

get_pgjdbc() {
  fetch "https://repo1.maven.org/maven2/org/postgresql/postgresql/$pgjdbc_version/postgresql-$pgjdbc_version.jar" \
    "$pgjdbc_sha256" "$NG_CLIENTS/pgjdbc.jar"
}

get_node_client() {
  rm -rf "$NG_CLIENTS/node"
  cp -r "$root/test/clients/node" "$NG_CLIENTS/node" && npm ci --prefix "$NG_CLIENTS/node" --no-audit --no-fund --silent
}

get_pgx_client() {
  need_go && (cd "$root/test/clients/pgx" && GOFLAGS='-buildvcs=false' go build -o "$NG_CLIENTS/pgx" .) >&2
}

# ---- Go

has_go() {
  command -v go >/dev/null && version_at_least "$go_wanted" "$(go env GOVERSION 2>/dev/null | sed 's/^go//')"
}

# Debian 12's is 1.19. Go's own module proxy carries its toolchains.
need_go() {
  has_go && return 0
  local system sum
  case $(uname -m) in
    x86_64) system=linux-amd64 sum=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7 ;;
    aarch64) system=linux-arm64 sum=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99 ;;
    *) fail "pgx needs Go $go_wanted or newer; install it and run this again" ;;
  esac
  local zip=$NG_CLIENTS/go.zip inside=golang.org/toolchain@v0.0.1-go$go_version.$system
  if [ ! -x "$NG_CLIENTS/$inside/bin/go" ]; then
    say "Go $go_wanted is needed: getting $go_version, for these tests only"
    fetch "https://proxy.golang.org/golang.org/toolchain/@v/v0.0.1-go$go_version.$system.zip" "$sum" "$zip" || return 1
    unzip -q -o "$zip" -d "$NG_CLIENTS" && rm "$zip" && chmod -R u+x "$NG_CLIENTS/$inside/bin" "$NG_CLIENTS/$inside/pkg/tool"
  fi
  PATH=$NG_CLIENTS/$inside/bin:$PATH
  hash -r
  has_go
}
