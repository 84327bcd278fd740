#!/usr/bin/env bash
# Gets this clone ready to build and run: chooses the dependency mode, and in Offline mode installs the system's libtorch and
# builds the native shim over it. Run it by itself, or source it (the other scripts do) to get its environment as well.
# The second time it only looks. DependencyMode=NuGet or Offline in the environment decides without the probe.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1

setup_say() { printf 'setup: %s\n' "$*"; }
setup_fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Sets $mode. The probe and its rules are in eng/dependency-mode.targets; the marker file remembers its answer.
setup_choose_mode() {
  local marker=$root/artifacts/dependency-mode.props
  mode=${DependencyMode:-}
  if [ -z "$mode" ]; then
    [ -f "$marker" ] || dotnet msbuild "$root/eng/choose-mode.proj" -nologo -verbosity:minimal \
      || setup_fail "the probe of the package feed failed; DependencyMode=NuGet or Offline in the environment decides without it"
    mode=$(sed -n 's:.*<DependencyMode>\(.*\)</DependencyMode>.*:\1:p' "$marker")
  fi
  case $mode in
    NuGet | Offline) ;;
    *) setup_fail "DependencyMode is '$mode'; expected NuGet or Offline (remove $marker to probe again)" ;;
  esac
}

setup_has_package() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs those of the named Debian packages that are missing.
setup_install() {
  local missing=() package as_root=() log=$root/artifacts/setup.log
  for package in "$@"; do setup_has_package "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || setup_fail "as root, run: apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  setup_say "installing ${missing[*]}"
  {
    "${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=120 update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 || { tail -n 20 "$log" >&2; setup_fail "apt-get failed; the whole log is $log"; }
}

# What Offline mode needs. Where LIBTORCH names another libtorch (see eng/README.md), Debian's is not needed.
setup_install_libtorch() {
  local wanted=(g++ libturbojpeg0)
  [ -n "${LIBTORCH:-}" ] || wanted+=(libtorch-dev libopenblas0-openmp)
  if command -v apt-get >/dev/null; then
    setup_install "${wanted[@]}"
  elif ! command -v "${CXX:-g++}" >/dev/null; then
    setup_fail "this system has no apt-get: install g++ and libtorch (or set LIBTORCH to its folder) and run again"
  fi
}

# build.sh knows by itself whether there is something to do.
setup_build_shim() {
  local report
  [ -f "$root/artifacts/native/libcontinual_torch.so" ] || setup_say "building the native shim over libtorch"
  report=$(bash "$root/eng/offline/native/build.sh") || setup_fail "the native shim did not build"
  case $report in *"up to date"*) ;; *) setup_say "${report##*$'\n'}" ;; esac
}

# For the scripts that source this one: builds a project or the solution and shows only warnings and errors.
build_release() {
  local log=$root/artifacts/build.log code=0
  dotnet build "$1" -c Release -nologo -tl:off -clp:NoSummary -v minimal >"$log" 2>&1 || code=$?
  grep -E '(error|warning) [A-Z]+[0-9]*|error :' "$log" | sort -u || [ "$code" = 0 ] || tail -n 20 "$log"
  return "$code"
}

command -v dotnet >/dev/null || setup_fail "the .NET 10 SDK is needed: dotnet is not on the PATH"
mkdir -p "$root/artifacts"
setup_choose_mode
setup_say "dependency mode $mode"
if [ "$mode" = Offline ]; then
  setup_install_libtorch
  setup_build_shim
  source "$root/eng/offline/native/env.sh"
  continual_torch_env
fi
