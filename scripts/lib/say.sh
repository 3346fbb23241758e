# How the scripts speak: one voice, on standard error, coloured only for a person at a terminal. Sourced, not run.
# shellcheck shell=bash

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  _bold=$'\e[1m' _red=$'\e[31m' _plain=$'\e[0m'
else
  _bold='' _red='' _plain=''
fi

say() { printf '%s==>%s %s\n' "$_bold" "$_plain" "$*" >&2; }
fail() {
  printf '%serror:%s %s\n' "$_red" "$_plain" "$*" >&2
  exit 1
}
