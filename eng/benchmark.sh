#!/usr/bin/env bash
# Sets up, builds and runs a benchmark of samples/: eng/benchmark.sh SplitTinyImageNet --help. The arguments after the first go to the program.
set -euo pipefail
name=${1:?usage: eng/benchmark.sh SplitCifar100|SplitTinyImageNet|FiveDatasets [arguments of the program]}
shift
source "$(dirname "$0")/setup.sh"
project=$root/samples/$name
if [ ! -f "$project/$name.csproj" ]; then
  echo "there is no sample '$name': expected SplitCifar100, SplitTinyImageNet or FiveDatasets" >&2
  exit 2
fi
[ -n "${CONTINUAL_NO_BUILD:-}" ] || build_release "$project"   # a sweep builds once, before its runs
exec dotnet run --project "$project" -c Release --no-build -- "$@"
