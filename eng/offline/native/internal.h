// What the files of the shim share: error capture and the two ways to look at a handle.
#pragma once
#include "continual_torch.h"
#include <ATen/ATen.h>
#include <string>

namespace ct {

inline thread_local std::string last_error;

// Runs the body; an exception becomes -1 and a message.
template <class Body>
int32_t guard(Body&& body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error& e) {
    last_error = e.what_without_backtrace();
  } catch (const std::exception& e) {
    last_error = e.what();
  } catch (...) {
    last_error = "unknown native exception";
  }
  return -1;
}

using Pointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;

// Hands a tensor's reference to the caller.
inline void* give(at::Tensor&& tensor) {
  return tensor.defined() ? static_cast<void*>(tensor.unsafeReleaseTensorImpl()) : nullptr;
}

// Another reference to the tensor of a handle.
inline at::Tensor share(void* handle) {
  if (handle == nullptr) return at::Tensor();
  auto owner = Pointer::reclaim(static_cast<at::TensorImpl*>(handle));
  auto copy = owner;
  owner.release();
  return at::Tensor(std::move(copy));
}

// A look at a handle without touching its reference count.
struct Borrow {
  at::Tensor tensor;
  explicit Borrow(void* handle) : tensor(Pointer::reclaim(static_cast<at::TensorImpl*>(handle))) {}
  ~Borrow() { tensor.unsafeReleaseTensorImpl(); }
  Borrow(const Borrow&) = delete;
  Borrow& operator=(const Borrow&) = delete;
};

inline at::Device device(int64_t packed) {
  return at::Device(static_cast<at::DeviceType>(packed >> 16), static_cast<at::DeviceIndex>(static_cast<int8_t>(packed & 0xff)));
}

inline std::vector<at::Tensor> share_all(void** handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int32_t i = 0; i < count; i++) tensors.push_back(share(handles == nullptr ? nullptr : handles[i]));
  return tensors;
}

}  // namespace ct
