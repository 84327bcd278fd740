#!/bin/bash
# Builds artifacts/native/libcontinual_torch.so, the stand-in's way to libtorch. Skips when nothing has changed.
#   LIBTORCH=/path/to/libtorch  builds against an unpacked libtorch (CPU or CUDA) instead of the system's (Debian: libtorch-dev)
#   CXX=g++                     the compiler
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
out="$root/artifacts/native"
so="$out/libcontinual_torch.so"
cxx=${CXX:-g++}

if [ -n "${LIBTORCH:-}" ]; then
  include=(-I"$LIBTORCH/include" -I"$LIBTORCH/include/torch/csrc/api/include")
  link=(-L"$LIBTORCH/lib" "-Wl,-rpath,$LIBTORCH/lib")
  version_header="$LIBTORCH/include/torch/csrc/api/include/torch/version.h"
else
  include=(-I/usr/include/torch/csrc/api/include)
  link=()
  version_header=/usr/include/torch/csrc/api/include/torch/version.h
fi
if [ ! -f "$version_header" ]; then
  echo "native shim: no libtorch headers ($version_header). Install libtorch-dev (eng/setup.sh does) or set LIBTORCH to an unpacked libtorch." >&2
  exit 1
fi
if ! command -v "$cxx" >/dev/null; then
  echo "native shim: no C++ compiler ($cxx). Install g++ (eng/setup.sh does) or set CXX." >&2
  exit 1
fi

part() { sed -n "s/^#define TORCH_VERSION_$1 \([0-9]*\).*/\1/p" "$version_header"; }
[ "$(part MAJOR)" -ge 2 ] && standard=c++20 || standard=c++17
# What decides the result: our sources, libtorch's version and place, the compiler.
key=$(cat ./*.cpp ./*.h build.sh "$version_header" <("$cxx" --version) <(echo "${LIBTORCH:-system}") | sha256sum | cut -d' ' -f1)
mkdir -p "$out"
if command -v flock >/dev/null; then  # projects built side by side wait for the one that compiles
  exec 9>"$out/lock"
  flock 9
fi
if [ -f "$so" ] && [ "$(cat "$out/key" 2>/dev/null)" = "$key" ]; then
  echo "native shim: up to date ($so)"
  exit 0
fi

work=$(mktemp -d "$out/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
pids=()
for source in *.cpp; do
  "$cxx" -std=$standard -O2 -fPIC -fvisibility=hidden -Wall -Wno-attributes "${include[@]}" -c "$source" -o "$work/${source%.cpp}.o" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
"$cxx" -shared -o "$work/out.so" "$work"/*.o "${link[@]}" -ltorch -ltorch_cpu -lc10 -ldl -Wl,-z,defs
mv "$work/out.so" "$so"   # in one step: a process that has the old file mapped keeps it
echo "$key" > "$out/key"
echo "native shim: built $so against libtorch $(part MAJOR).$(part MINOR) ($standard)"
