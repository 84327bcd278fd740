#!/usr/bin/env bash
# Sets up, builds and runs samples/Serve; the arguments go to the program (eng/serve.sh --help lists them).
set -euo pipefail
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"   # one libtorch thread a pass, as many passes at once as there are cores (samples/Serve/README.md)
source "$(dirname "$0")/setup.sh"
build_release "$root/samples/Serve"
exec dotnet "$root/samples/Serve/bin/Release/net10.0/serve.dll" "$@"
