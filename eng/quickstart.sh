#!/usr/bin/env bash
# Sets up, builds and runs samples/QuickStart; the arguments go to the program (eng/quickstart.sh --help lists them).
set -euo pipefail
source "$(dirname "$0")/setup.sh"
build_release "$root/samples/QuickStart"
exec dotnet run --project "$root/samples/QuickStart" -c Release --no-build -- "$@"
