#!/usr/bin/env bash
# Rewrites eng/offline/contract/*.txt from the built stand-ins, and names every member that the real packages lack.
# The lists of the real packages are looked for in shared/api, beside this folder or further up (REAL_API names another folder);
# where they are absent, the headers of the contract as it stands are kept.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export DependencyMode=Offline DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
contract=$root/eng/offline/contract
mkdir -p "$contract"

real=${REAL_API:-}
folder=$root
while [ -z "$real" ] && [ "$folder" != / ]; do
  folder=$(dirname "$folder")
  [ ! -d "$folder/shared/api" ] || real=$folder/shared/api
done

for project in eng/offline/Microsoft.ML eng/offline/TorchSharp eng/api-dump; do
  dotnet build "$root/$project" -c Release -v quiet -nologo >"$root/artifacts/update-contract.log" || { cat "$root/artifacts/update-contract.log"; exit 1; }
done

code=0
write() { # contract file, list of the real package, assembly
  local lists=() lines
  if [ -n "$real" ]; then lists=("$real/$2"); elif [ -f "$contract/$1" ]; then lists=("$contract/$1"); fi
  lines=$(dotnet "$root/eng/api-dump/bin/Release/net10.0/api-dump.dll" ${lists[0]:+--real "${lists[@]}" --} "$3") || code=1
  printf '%s' "${lines:+$lines
}" >"$contract/$1"
  echo "$1: $(wc -l <"$contract/$1") lines"
}
write Microsoft.ML.txt Microsoft.ML.5.0.0.txt "$root/eng/offline/Microsoft.ML/bin/Release/net10.0/Microsoft.ML.Offline.dll"
write TorchSharp.txt TorchSharp.0.102.7.txt "$root/eng/offline/TorchSharp/bin/Release/net10.0/TorchSharp.dll"
[ -n "$real" ] || { echo "the lists of the real packages were not found: nothing was compared with them"; exit 0; }
exit $code
