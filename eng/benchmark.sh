#!/usr/bin/env bash
# Sets up, builds and runs a benchmark of samples/: eng/benchmark.sh SplitTinyImageNet --help. The arguments after the first go to the program.
set -euo pipefail
benchmarks="SplitCifar100 SplitTinyImageNet SplitImageNetR SplitCub200 SplitDomainNet FiveDatasets DomainSequence"
name=${1:?usage: eng/benchmark.sh NAME [arguments of the program]; NAME is one of $benchmarks}
shift
source "$(dirname "$0")/setup.sh"
project=$root/samples/$name
if [ ! -f "$project/$name.csproj" ]; then
  echo "there is no sample '$name': expected one of $benchmarks" >&2
  exit 2
fi
[ -n "${CONTINUAL_NO_BUILD:-}" ] || build_release "$project"   # a sweep builds once, before its runs
exec dotnet run --project "$project" -c Release --no-build -- "$@"
