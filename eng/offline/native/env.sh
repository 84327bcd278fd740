# Source this: `. eng/offline/native/env.sh; continual_torch_env`. It changes this process and its children only.
# Debian's libtorch asks for "libblas.so.3", and the machine's alternatives may answer with the slow reference BLAS (5 GFLOP/s)
# or with the pthread flavour of OpenBLAS, whose own thread pool competes with libtorch's. The OpenMP flavour shares that pool.
continual_torch_env() {
  local folder
  for folder in /usr/lib/*-linux-gnu/openblas-openmp; do
    if [ -e "$folder/libblas.so.3" ]; then
      case ":${LD_LIBRARY_PATH:-}:" in
        *":$folder:"*) ;;
        *) export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;;
      esac
    fi
  done
  export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$(nproc)}"
  # A thread that waits for the others goes to sleep soon: where the cores are shared with other work, spinning at every
  # barrier has made training steps twenty times slower. What it gains or costs on an idle machine was not measured.
  export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-1000}"
}
