#!/usr/bin/env bash
# Makes this machine ready for `npm run demo` and `npm test`: Debian packages, npm packages, the native and BPF builds,
# TypeScript, hugepages. Says what it does before it does it; does nothing, quickly, when there is nothing to do.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

quiet=
[ "${1:-}" = --quiet ] && quiet=1 # no word when there is nothing to do
started=$SECONDS
did=0
notes=()

say() { printf 'setup: %s\n' "$*"; }
note() { notes+=("$*"); }
fail() {
  printf 'setup: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}
# quietly WHAT COMMAND...: its output is shown only when it fails.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp)
  local begin=$SECONDS
  if "$@" >"$log" 2>&1 </dev/null; then
    say "$what: done in $((SECONDS - begin)) s"
    rm -f "$log"
    did=1
  else
    local code=$?
    tail -n 40 "$log" >&2
    rm -f "$log"
    fail "$what failed with $code (its last words are above)"
  fi
}
is_root() { [ "$(id -u)" = 0 ]; }

[ "$(uname -s)" = Linux ] || fail "this is $(uname -s); DPDK ports and network namespaces need Linux"

# ---- Node ------------------------------------------------------------------------------------------------------------
how_to_get_node='install Node.js 20 or newer (nodejs.org; Debian 12 itself has 18), then run this again'
command -v node >/dev/null || fail 'no node on the PATH' "$how_to_get_node"
node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || fail "Node.js $(node -v) is too old" "$how_to_get_node"

# ---- Debian packages -------------------------------------------------------------------------------------------------
wanted=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' scripts/apt-packages.txt)
missing_packages() {
  local package
  for package in $wanted; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
  done
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  # frr and nginx would start services of the host's own; the lab starts its own instances in namespaces.
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && ours=1
  fi
  trap '[ -z "'"$ours"'" ] || rm -f "'"$policy"'"' EXIT
  # An old index names versions that are gone: try with what is there first only if there is an index at all.
  quietly 'apt-get update' apt-get update -q
  # shellcheck disable=SC2086
  quietly 'apt-get install' apt-get install -q -y --no-install-recommends $1
  [ -z "$ours" ] || rm -f "$policy"
  trap - EXIT
}

if command -v dpkg-query >/dev/null; then
  lacking=$(missing_packages)
  if [ -n "$lacking" ]; then
    if ! is_root; then
      fail "these Debian packages are missing, and only root can install them: $lacking" \
        "as root: apt-get install --no-install-recommends $lacking" 'or run this as root'
    fi
    # Not `command -v` alone: it also names a file that cannot be executed.
    [ -x "$(command -v apt-get)" ] ||
      fail "these Debian packages are missing, and there is no apt-get to install them: $lacking" \
        'install them by other means; scripts/apt-packages.txt says what each is for'
    say "installing Debian packages (a few hundred MB with DPDK): $lacking"
    install_packages "$lacking"
  fi
else
  for tool in gcc make pkg-config clang bpftool nginx curl ethtool ip vtysh; do
    command -v "$tool" >/dev/null || note "no $tool, and this is not Debian: see scripts/apt-packages.txt"
  done
fi
pkg-config --exists libdpdk || fail 'pkg-config finds no libdpdk' 'Debian 12: apt-get install libdpdk-dev (DPDK 22.11)'

# ---- npm packages ----------------------------------------------------------------------------------------------------
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  command -v npm >/dev/null || fail 'no npm on the PATH' "$how_to_get_node; npm comes with it"
  say 'installing npm packages: npm ci (versions of package-lock.json)'
  quietly 'npm ci' npm ci --no-audit --no-fund
  touch node_modules/.package-lock.json
fi

# ---- builds ----------------------------------------------------------------------------------------------------------
for part in native toa; do
  [ -f "$part/Makefile" ] || continue
  # Not `make -q`: a phony prerequisite that only checks something makes it answer yes every time.
  # Not a pipe either: grep -q leaves at the first match, make dies of SIGPIPE, and pipefail calls that "nothing to build".
  steps=$(make -n -C "$part" 2>&1)
  if grep -qE -- ' -o |[*]{3}' <<<"$steps"; then
    say "building $part/ (C)"
    quietly "make -C $part" make -C "$part"
  fi
done

sources=$(node -p 'require("./tsconfig.json").include.join(" ")')
ts_is_stale() {
  # A stamp of our own: tsc writes its build info even when it fails.
  [ -e dist/.built ] || return 0
  [ tsconfig.json -nt dist/.built ] && return 0
  # shellcheck disable=SC2086
  [ -n "$(find $sources -name '*.ts' -newer dist/.built -print -quit 2>/dev/null)" ]
}
if ts_is_stale; then
  say 'compiling TypeScript to dist/'
  quietly 'tsc' node_modules/.bin/tsc -p tsconfig.json
  touch dist/.built
fi

# ---- hugepages -------------------------------------------------------------------------------------------------------
# 512 pages of 2 MB; without them dpvs runs on ordinary pages (--no-huge), which is slower but complete.
pages=512
hugepages() {
  local now free_kb size_kb
  size_kb=$(awk '/^Hugepagesize:/ {print $2}' /proc/meminfo)
  now=$(awk '/^HugePages_Total:/ {print $2}' /proc/meminfo)
  free_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  [ "${size_kb:-0}" = 2048 ] || { note "no hugepages of 2 MB here (${size_kb:-none} kB): dpvs runs on ordinary pages"; return; }
  if [ "${now:-0}" -lt "$pages" ]; then
    is_root || { note 'not root: no hugepages reserved, dpvs runs on ordinary pages'; return; }
    if [ "$free_kb" -le $((pages * size_kb * 4)) ]; then
      note "$((free_kb / 1024)) MB of memory are available, too little to set $((pages * size_kb / 1024)) MB of hugepages aside:" \
        'dpvs runs on ordinary pages, slower but complete'
      return
    fi
    say "reserving $pages hugepages of 2 MB until the next boot (sysctl vm.nr_hugepages; give them back with 0)"
    if ! sysctl -q -w "vm.nr_hugepages=$pages" 2>/dev/null; then
      note 'the kernel refuses to reserve hugepages (vm.nr_hugepages): dpvs runs on ordinary pages, slower but complete'
      return
    fi
    did=1
  fi
  if is_root && ! grep -q ' hugetlbfs ' /proc/mounts; then
    say 'mounting hugetlbfs on /dev/hugepages'
    mkdir -p /dev/hugepages && mount -t hugetlbfs nodev /dev/hugepages || note 'cannot mount hugetlbfs: dpvs runs on ordinary pages'
    did=1
  fi
}
hugepages

# ---- what the lab and the e2e tests need besides ---------------------------------------------------------------------
if ! is_root; then
  note 'not root: the demo cannot run and the e2e tests are skipped; run it as root (sudo -E)'
else
  unshare --net ip link add probe0 type veth peer name probe1 2>/dev/null ||
    note 'no network namespaces or veth here: the demo cannot run and the e2e tests are skipped;' \
      'that takes CAP_NET_ADMIN and CAP_SYS_ADMIN (a container needs --privileged)'
  [ -c /dev/net/tun ] ||
    note 'no /dev/net/tun, so that no kni can be made: the demo cannot run and the e2e tests are skipped;' \
      'modprobe tun, or give the container --device /dev/net/tun'
fi

[ -n "$quiet" ] && [ "$did" = 0 ] && exit 0
for line in ${notes+"${notes[@]}"}; do say "note: $line"; done
if [ "$did" = 1 ]; then say "ready after $((SECONDS - started)) s"; else say 'everything is in place'; fi
