// Handles, memory and gradients: what is not an operator of the dispatcher.
#include "internal.h"
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <cstring>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

using ct::Borrow;
using ct::guard;

CT_API void ct_free(void* handle) {
  if (handle != nullptr) guard([&] { at::Tensor(ct::Pointer::reclaim(static_cast<at::TensorImpl*>(handle))); });
}

CT_API void* ct_share(void* handle) { return ct::give(ct::share(handle)); }

CT_API int32_t ct_meta(void* handle, CtMeta* meta, int64_t* sizes, int64_t* strides, int32_t capacity) {
  return guard([&] {
    Borrow borrow(handle);
    auto& t = borrow.tensor;
    const bool strided = t.layout() == at::kStrided;
    meta->rank = static_cast<int32_t>(t.dim());
    meta->dtype = static_cast<int32_t>(t.scalar_type());
    meta->device_type = static_cast<int32_t>(t.device().type());
    meta->device_index = t.device().index();
    meta->requires_grad = t.requires_grad();
    meta->is_leaf = t.is_leaf();
    meta->is_contiguous = strided && t.is_contiguous();
    meta->is_sparse = t.is_sparse();
    meta->count = t.numel();
    meta->element_size = static_cast<int64_t>(t.element_size());
    meta->storage_offset = strided ? t.storage_offset() : 0;
    meta->data = strided && t.device().is_cpu() ? t.data_ptr() : nullptr;
    if (sizes == nullptr) return;
    TORCH_CHECK(t.dim() <= capacity, "a tensor of ", t.dim(), " dimensions; at most ", capacity, " are supported");
    for (int64_t i = 0; i < t.dim(); i++) sizes[i] = t.size(i);
    if (strides == nullptr || !strided) return;
    for (int64_t i = 0; i < t.dim(); i++) strides[i] = t.stride(i);
  });
}

CT_API int32_t ct_item(void* handle, CtCell* value) {
  return guard([&] {
    Borrow borrow(handle);
    const at::Scalar scalar = borrow.tensor.item();
    value->length = 0;
    if (scalar.isBoolean()) {
      value->tag = CT_BOOL;
      value->integer = scalar.toBool();
    } else if (scalar.isIntegral(false)) {
      value->tag = CT_INT;
      value->integer = scalar.toLong();
    } else {
      value->tag = CT_DOUBLE;
      value->number = scalar.toDouble();
    }
  });
}

CT_API void* ct_from_blob(void* data, int32_t dtype, const int64_t* sizes, int32_t rank, void (*release)(void*), void* context) {
  void* result = nullptr;
  guard([&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    result = ct::give(at::from_blob(data, at::IntArrayRef(sizes, rank), [release, context](void*) { release(context); }, options));
  });
  return result;
}

CT_API int32_t ct_copy_out(void* handle, void* destination, int64_t bytes) {
  return guard([&] {
    auto t = ct::share(handle).detach().cpu().contiguous();
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "the tensor has ", t.nbytes(), " bytes, the buffer ", bytes);
    if (bytes > 0) std::memcpy(destination, t.data_ptr(), bytes);
  });
}

CT_API int32_t ct_copy_in(void* handle, const void* source, int64_t bytes) {
  return guard([&] {
    Borrow borrow(handle);
    auto& t = borrow.tensor;
    TORCH_CHECK(t.device().is_cpu() && t.is_contiguous(), "a contiguous tensor on the CPU is wanted");
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "the tensor has ", t.nbytes(), " bytes, the source ", bytes);
    if (bytes > 0) std::memcpy(t.data_ptr(), source, bytes);
  });
}

CT_API int32_t ct_set_requires_grad(void* handle, int32_t value) {
  return guard([&] { Borrow borrow(handle); borrow.tensor.set_requires_grad(value != 0); });
}

CT_API int32_t ct_retain_grad(void* handle) {
  return guard([&] { Borrow borrow(handle); borrow.tensor.retain_grad(); });
}

CT_API int32_t ct_grad(void* handle, void** gradient) {
  return guard([&] { Borrow borrow(handle); *gradient = ct::give(at::Tensor(borrow.tensor.grad())); });
}

CT_API int32_t ct_set_grad(void* handle, void* gradient) {
  return guard([&] { Borrow borrow(handle); borrow.tensor.mutable_grad() = ct::share(gradient); });
}

CT_API int32_t ct_backward(void** tensors, void** gradients, int32_t count, void** inputs, int32_t input_count, int32_t retain, int32_t create) {
  return guard([&] {
    torch::autograd::backward(ct::share_all(tensors, count), gradients == nullptr ? std::vector<at::Tensor>() : ct::share_all(gradients, count),
                              retain != 0 || create != 0, create != 0, ct::share_all(inputs, input_count));
  });
}

CT_API int32_t ct_gradients(void** outputs, void** gradients, int32_t count, void** inputs, int32_t input_count,
                            int32_t retain, int32_t create, int32_t allow_unused, void** results) {
  return guard([&] {
    auto found = torch::autograd::grad(ct::share_all(outputs, count), ct::share_all(inputs, input_count),
                                       gradients == nullptr ? std::vector<at::Tensor>() : ct::share_all(gradients, count),
                                       retain != 0 || create != 0, create != 0, allow_unused != 0);
    for (int32_t i = 0; i < input_count; i++) results[i] = ct::give(std::move(found[i]));
  });
}

CT_API int32_t ct_grad_mode(int32_t value) {
  const bool before = at::GradMode::is_enabled();
  if (value >= 0) at::GradMode::set_enabled(value != 0);
  return before;
}

CT_API int32_t ct_inference_mode() { return c10::InferenceMode::is_enabled(); }

CT_API void* ct_inference_enter(int32_t value) {
  void* result = nullptr;
  guard([&] { result = new c10::InferenceMode(value != 0); });
  return result;
}

CT_API void ct_inference_leave(void* mode) {
  guard([&] { delete static_cast<c10::InferenceMode*>(mode); });
}
