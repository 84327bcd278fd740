#!/usr/bin/env bash
# Runs a sweep of benchmarks, methods and seeds on this machine, or writes it for Slurm or Kubernetes: eng/sweep.sh FILE [--jobs N],
# eng/sweep.sh --help. eng/sweep.sh FILE --build only builds what the runs need. Paths are relative to the repository's root.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
cd "$root"
build_release samples/Experiments
sweep() { dotnet run --project samples/Experiments -c Release --no-build -- sweep "$@"; }
case " $* " in
  "  " | *" --help "* | *" -h "* | *" --slurm "* | *" --kubernetes "* | *" --list "* | *" --programs "*) sweep "$@"; exit ;;
esac
# The runs do not build: several at a time would get into each other's way.
programs=$(sweep "$1" --programs)
for program in $programs; do build_release "samples/$program"; done
if [ "${2:-}" = --build ]; then exit; fi
export CONTINUAL_NO_BUILD=1
sweep "$@"
