#!/usr/bin/env bash
# Sets up, builds, and runs every test; the arguments go to `dotnet test` (eng/test.sh --filter TestCategory=Golden).
# Shows what the golden tests report and everything about a test that failed; the whole log is artifacts/test-results/console.log.
# Ends with one line `N passed, N failed, N skipped`; the exit code is 0 only when nothing failed and a test ran.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
solution=$root/Microsoft.ML.Continual.sln
results=$root/artifacts/test-results

if ! build_release "$solution"; then
  echo "the build failed: no test ran" >&2
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

rm -rf "$results"
mkdir -p "$results"
# One assembly at a time: two would fight for the cores that libtorch takes.
status=0
dotnet test "$solution" -c Release --no-build -maxcpucount:1 --results-directory "$results" \
  --logger "trx;LogFilePrefix=tests" --logger "console;verbosity=detailed" "$@" 2>&1 |
  tee "$results/console.log" | awk -f "$root/eng/test-log.awk" || status=$?

# The counters of every assembly's trx file. An inconclusive test is a skipped one.
read -r total passed failed < <(
  find "$results" -name '*.trx' -exec grep -ho '<Counters [^>]*>' {} + | awk '
    function count(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : 0 }
    { total += count("total"); passed += count("passed"); failed += count("failed") + count("error") + count("timeout") + count("aborted") }
    END { print total + 0, passed + 0, failed + 0 }')
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  echo "a test run stopped before its end (exit code $status): see $results/console.log" >&2
  failed=1 total=$((total + 1))
fi
if [ "$total" = 0 ]; then
  echo "no test matched" >&2
  status=1
fi
echo "$passed passed, $failed failed, $((total - passed - failed)) skipped"
[ "$failed" = 0 ] || exit 1
exit "$status"
