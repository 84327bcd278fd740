// The library as a whole: start-up, random numbers, threads, CUDA, switches.
#include "internal.h"
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <mutex>
#include <torch/version.h>
#if defined(__linux__)
#include <dlfcn.h>
#endif

using ct::guard;

namespace {

// The device's own default generator; the caller must hold no lock of it.
at::Generator default_generator(int64_t packed) {
  return at::globalContext().defaultGenerator(ct::device(packed));
}

at::Generator& generator(void* handle) { return *static_cast<at::Generator*>(handle); }

// Waits for the whole device where the hooks can, and else for its current stream, the only one that the shim uses.
template <class Hooks>
auto synchronize(const Hooks& hooks, const c10::impl::DeviceGuardImplInterface&, int8_t device, int) -> decltype(hooks.deviceSynchronize(device)) {
  hooks.deviceSynchronize(device);
}
template <class Hooks>
void synchronize(const Hooks&, const c10::impl::DeviceGuardImplInterface& implementation, int8_t device, long) {
  implementation.synchronizeStream(implementation.getStream(at::Device(at::DeviceType::CUDA, device)));
}

constexpr int64_t cuda = static_cast<int64_t>(at::DeviceType::CUDA) << 16;

}  // namespace

CT_API int32_t ct_initialize() {
#if defined(__linux__)
  // CUDA registers its kernels when its library is loaded. Nothing links against it, so that the same shim serves both kinds of machine.
  ::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
#endif
  return CT_ABI;
}

CT_API const char* ct_version() { return TORCH_VERSION; }

CT_API const char* ct_last_error() { return ct::last_error.c_str(); }

CT_API int32_t ct_manual_seed(int64_t seed) {
  return guard([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}

CT_API void* ct_generator_new(int64_t device, uint64_t seed) {
  void* result = nullptr;
  guard([&] {
    auto source = default_generator(device);
    at::Generator fresh;
    {
      std::lock_guard<std::mutex> lock(source.mutex());
      fresh = source.clone();
    }
    fresh.set_current_seed(seed);  // also forgets what the default generator had cached
    result = new at::Generator(std::move(fresh));
  });
  return result;
}

CT_API void* ct_generator_default(int64_t device) {
  void* result = nullptr;
  guard([&] { result = new at::Generator(default_generator(device)); });
  return result;
}

CT_API void ct_generator_free(void* handle) {
  guard([&] { delete static_cast<at::Generator*>(handle); });
}

CT_API int32_t ct_generator_seed(void* handle, int64_t seed) {
  return guard([&] {
    std::lock_guard<std::mutex> lock(generator(handle).mutex());
    generator(handle).set_current_seed(static_cast<uint64_t>(seed));
  });
}

CT_API uint64_t ct_generator_initial_seed(void* handle) {
  uint64_t seed = 0;
  guard([&] { seed = generator(handle).current_seed(); });
  return seed;
}

CT_API uint64_t ct_generator_reseed(void* handle) {
  uint64_t seed = 0;
  guard([&] {
    std::lock_guard<std::mutex> lock(generator(handle).mutex());
    seed = generator(handle).seed();
  });
  return seed;
}

CT_API void* ct_generator_state(void* handle) {
  void* result = nullptr;
  guard([&] {
    std::lock_guard<std::mutex> lock(generator(handle).mutex());
    result = ct::give(generator(handle).get_state());
  });
  return result;
}

CT_API int32_t ct_generator_set_state(void* handle, void* state) {
  return guard([&] {
    std::lock_guard<std::mutex> lock(generator(handle).mutex());
    generator(handle).set_state(ct::share(state));
  });
}

CT_API int32_t ct_threads(int32_t count) {
  if (count > 0) guard([&] { at::set_num_threads(count); });
  return at::get_num_threads();
}

CT_API int32_t ct_interop_threads(int32_t count) {
  if (count > 0 && guard([&] { at::set_num_interop_threads(count); }) < 0) return -1;
  return at::get_num_interop_threads();
}

CT_API int32_t ct_cuda_devices() {
  int32_t count = 0;
  guard([&] {
    if (c10::impl::hasDeviceGuardImpl(at::DeviceType::CUDA)) count = c10::impl::getDeviceGuardImpl(at::DeviceType::CUDA)->deviceCount();
  });
  return count;
}

CT_API int32_t ct_cuda_cudnn() {
  int32_t has = 0;
  guard([&] { has = ct_cuda_devices() > 0 && at::globalContext().hasCuDNN(); });
  return has;
}

CT_API int32_t ct_cuda_synchronize(int32_t device) {
  return guard([&] {
    TORCH_CHECK(ct_cuda_devices() > 0, "there is no CUDA device");
    const auto* implementation = c10::impl::getDeviceGuardImpl(at::DeviceType::CUDA);
    const int8_t index = device >= 0 ? static_cast<int8_t>(device) : static_cast<int8_t>(implementation->getDevice().index());
    synchronize(at::detail::getCUDAHooks(), *implementation, index, 0);
  });
}

CT_API int32_t ct_cuda_seed(int64_t seed, int32_t all) {
  return guard([&] {
    const int32_t devices = ct_cuda_devices();
    if (devices == 0) return;
    const int32_t current = c10::impl::getDeviceGuardImpl(at::DeviceType::CUDA)->getDevice().index();
    for (int32_t i = 0; i < devices; i++) {
      if (all == 0 && i != current) continue;
      auto target = default_generator(cuda | i);
      std::lock_guard<std::mutex> lock(target.mutex());
      target.set_current_seed(static_cast<uint64_t>(seed));
    }
  });
}

CT_API int32_t ct_setting(int32_t which, int32_t value) {
  int32_t result = 0;
  int32_t status = guard([&] {
    auto& context = at::globalContext();
    const bool on = value > 0, set = value >= 0;
    switch (which) {
      case CT_TF32_MATMUL:
        if (set) context.setAllowTF32CuBLAS(on);
        result = context.allowTF32CuBLAS();
        break;
      case CT_TF32_CUDNN:
        if (set) context.setAllowTF32CuDNN(on);
        result = context.allowTF32CuDNN();
        break;
      case CT_DETERMINISTIC:
        if (set) context.setDeterministicAlgorithms(on, context.deterministicAlgorithmsWarnOnly());
        result = context.deterministicAlgorithms();
        break;
      case CT_DETERMINISTIC_WARN_ONLY:
        if (set) context.setDeterministicAlgorithms(context.deterministicAlgorithms(), on);
        result = context.deterministicAlgorithmsWarnOnly();
        break;
      case CT_FLASH_ATTENTION:
        if (set) context.setSDPUseFlash(on);
        result = context.userEnabledFlashSDP();
        break;
      case CT_MATH_ATTENTION:
        if (set) context.setSDPUseMath(on);
        result = context.userEnabledMathSDP();
        break;
      default: TORCH_CHECK(false, "setting ", which, " is not known");
    }
  });
  return status == 0 ? result : status;
}
