#!/usr/bin/env bash
# Kills the quick start (its small setting) with SIGKILL at random moments and lets it go on from its state each time; then compares the accuracies and the states with those
# of a run that nobody disturbed, byte for byte.
#   eng/kill-resume.sh [KILLS] [SEED] [arguments of the program]      default: 50 kills, seed 1, all methods
# A run that ends before its kills are used up is compared, and the next one begins afresh. The files stay in artifacts/kill-resume.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
kills=${1:-50} RANDOM=${2:-1} seed=${2:-1}
shift $(($# < 2 ? $# : 2))
folder=$root/artifacts/kill-resume
rm -rf "$folder"
mkdir -p "$folder"
build_release "$root/samples/QuickStart"

# The program in folder $1, with everything it leaves there.
learn() {
  local into=$1
  shift
  exec dotnet "$root/samples/QuickStart/bin/Release/net10.0/quickstart.dll" --small --no-report --checkpoint-every 3 \
    --state "$into/run.state" --matrices "$into/matrices.json" "$@" >>"$into/log.txt" 2>&1
}

# Compares folder $1 with the undisturbed run: the same files with the same bytes (but the log, the times and the states of before).
compare() {
  local file code=0
  for file in matrices.json $(cd "$folder/whole" && ls | grep -v -e '^log.txt$' -e '\.previous$' -e '\.times$'); do
    cmp -s "$folder/whole/$file" "$1/$file" || { echo "kill-resume: FAILED: $1/$file differs from $folder/whole/$file" >&2; code=1; }
  done
  return $code
}

mkdir "$folder/whole"
start=$(date +%s%N)
(learn "$folder/whole" "$@") || { tail -n 5 "$folder/whole/log.txt" >&2; exit 1; }
whole=$((($(date +%s%N) - start) / 1000000))
echo "kill-resume: a whole run takes $whole ms; $kills kills, seed $seed"

killed=0 finished=0 code=0
while [ "$killed" -lt "$kills" ] || [ "$finished" = 0 ]; do
  run=$folder/run-$((finished + 1))
  mkdir -p "$run"
  (learn "$run" "$@") &
  child=$!
  if [ "$killed" -lt "$kills" ]; then
    # Between the start and a third of a whole run: every launch gets further, and no stretch of the run is spared.
    moment=$(((RANDOM * 32768 + RANDOM) % (whole / 3) + 200))
    sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
    if kill -KILL $child 2>/dev/null; then
      wait $child 2>/dev/null || true
      killed=$((killed + 1))
      echo "kill-resume: kill $killed after $moment ms: $(ls -1 "$run" | tr '\n' ' ')"
      continue
    fi
  fi
  wait $child || { echo "kill-resume: FAILED: the run ended with exit code $?:" >&2; tail -n 5 "$run/log.txt" >&2; exit 1; }
  finished=$((finished + 1))
  compare "$run" || code=1
  leftover=$(ls "$run" | grep -c '\.tmp$' || true)
  [ "$leftover" = 0 ] || echo "kill-resume: $leftover temporary files of killed saves are left in $run"
  echo "kill-resume: run $finished ended like the whole one"
done
[ "$code" = 0 ] && echo "kill-resume: $kills kills, $finished finished runs, all equal to the undisturbed one byte for byte"
exit $code
