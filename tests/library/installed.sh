#!/usr/bin/env bash
# Installs a build into a scratch folder, builds tests/library/app against what is there, runs both.
set -euo pipefail

if [[ "${1:-}" == --help || $# -ne 3 ]]; then
  echo "usage: installed.sh CMAKE BUILD SCRATCH"
  exit 2
fi
cmake=$1 build=$2 scratch=$3
app=$(dirname "${BASH_SOURCE[0]}")/app

rm -rf "$scratch"
"$cmake" --install "$build" --prefix "$scratch/prefix" >/dev/null
"$scratch/prefix/bin/zcrew" version
"$cmake" -S "$app" -B "$scratch/app" -DCMAKE_PREFIX_PATH="$scratch/prefix" >/dev/null
"$cmake" --build "$scratch/app"
"$scratch/app/app"
rm -rf "$scratch"
