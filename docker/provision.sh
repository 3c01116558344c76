#!/usr/bin/env bash
# Makes sure that the outside programs of the tests are here: JDK 17 or later, Maven, Chromium, PostgreSQL,
# Node.js 18 or later with npm.
# Installs what is missing from Debian's packages when root; otherwise says loudly what is missing.
# Fails only in CI: elsewhere the tests that need a missing part are skipped, and counted.
set -euo pipefail

missing=()
java_release() { java -version 2>&1 | sed -nE '1s/.*"([0-9]+).*/\1/p'; }
if ! command -v javac >/dev/null || [ "$(java_release)" -lt 17 ]; then missing+=(openjdk-17-jdk-headless); fi
command -v mvn >/dev/null || missing+=(maven)
command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core)
node_release() { node --version | sed -nE 's/^v([0-9]+).*/\1/p'; }
if ! command -v node >/dev/null || [ "$(node_release)" -lt 18 ]; then missing+=(nodejs); fi
command -v npm >/dev/null || missing+=(npm)
command -v pg_ctlcluster >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)

if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "installing: ${missing[*]}"
  log=$(mktemp)
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
      >"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  tail -n 20 "$log" >&2
fi

cat >&2 <<EOF
************************************************************************
 MISSING REAL PARTS: ${missing[*]}
 The tests that need them will be skipped and counted.
 On Debian or Ubuntu:  sudo apt-get install ${missing[*]}
************************************************************************
EOF
if [ "${CI:-}" = true ]; then exit 1; fi
