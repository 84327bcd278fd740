#!/usr/bin/env bash
# Makes the README's comparison and an HTML page of each comparison from the stored runs (docs/results): eng/compare.sh --help.
# --check writes nothing and fails where the README is not what the runs give. Paths are relative to the repository's root.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
cd "$root"
build_release samples/Experiments
exec dotnet run --project samples/Experiments -c Release --no-build -- compare "$@"
