#!/usr/bin/env bash
# Sets up, builds, learns a small model (or takes --model FILE), serves it with samples/Serve in one process and holds a load on it from another. Prints throughput, latency and
# the server's memory; fails when an answer was none, when the memory grew by more than the bound in the measured time, or when the server does not stop by itself in the end.
# The other arguments go to the load: eng/serve-load.sh --seconds 60 --clients 8 --max-growth 48
set -euo pipefail
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"   # one libtorch thread a pass, as many passes at once as there are cores (samples/Serve/README.md)
source "$(dirname "$0")/setup.sh"
folder=$root/artifacts/serve-load
mkdir -p "$folder"
model=
if [ "${1:-}" = --model ]; then
  model=$2
  shift 2
fi

for project in samples/QuickStart samples/Serve eng/serve-load; do build_release "$root/$project"; done
quickstart() { dotnet "$root/samples/QuickStart/bin/Release/net10.0/quickstart.dll" "$@"; }

if [ -z "$model" ]; then
  model=$folder/model.safetensors
  quickstart --small --method l2p --no-report --save "$model" >"$folder/train.log" || { tail -n 5 "$folder/train.log" >&2; exit 1; }
fi

dotnet "$root/samples/Serve/bin/Release/net10.0/serve.dll" --model "$model" --port 0 >"$folder/server.log" 2>&1 &
server=$!
trap 'kill -9 $server 2>/dev/null || true' EXIT
url=
for _ in $(seq 600); do
  url=$(sed -n 's/^listening on \(http[^ ]*[0-9]\).*/\1/p' "$folder/server.log")
  [ -z "$url" ] || break
  kill -0 $server 2>/dev/null || { cat "$folder/server.log" >&2; exit 1; }
  sleep 0.1
done
[ -n "$url" ] || { echo "the server does not listen: see $folder/server.log" >&2; exit 1; }
cat "$folder/server.log"

code=0
dotnet "$root/eng/serve-load/bin/Release/net10.0/Continual.ServeLoad.dll" --url "$url" "$@" || code=$?
kill -TERM $server
wait $server || { echo "serve-load: FAILED: the server ended with exit code $?" >&2; code=1; }
trap - EXIT
exit $code
