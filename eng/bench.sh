#!/usr/bin/env bash
# Measures training, prediction and subspace update beside a PyTorch baseline; the arguments go to the program (--help lists them).
# PYTHON names an interpreter that has PyTorch; the default is the system's, with Debian's python3-torch: the same libtorch.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import torch' 2>/dev/null; then
  [ -z "${PYTHON:-}" ] || setup_fail "$PYTHON has no PyTorch"
  command -v apt-get >/dev/null || setup_fail "no PyTorch: set PYTHON to an interpreter that has it"
  setup_install python3-torch
fi
build_release "$root/eng/bench"
exec dotnet "$root/eng/bench/bin/Release/net10.0/Continual.Bench.dll" --python "$python" "$@"
