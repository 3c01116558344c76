#!/usr/bin/env bash
# Makes the secrets that compose.yaml reads, once: a password of PostgreSQL, the store's address with it, and what
# signs the sessions of the pages.
set -euo pipefail
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"
if [ -e "$folder/postgres-password" ]; then
  echo "$folder holds secrets already" >&2
  exit 1
fi
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
password=$(random)
printf '%s' "$password" >"$folder/postgres-password"
printf 'postgresql://fhirscreen:%s@postgres/fhirscreen' "$password" >"$folder/store"
random >"$folder/session"
# The containers' own users read them: only this folder keeps others of this machine out.
chmod 0444 "$folder/postgres-password" "$folder/store" "$folder/session"
