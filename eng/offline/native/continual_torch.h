// The C interface of the shim. eng/offline/TorchSharp/Native/*.cs mirrors every line of it.
//
// Conventions
//   * A tensor handle is a TensorImpl* that owns one strong reference; ct_free gives it back. A null handle is the undefined tensor.
//   * No exception crosses this interface. A function that can fail returns a negative number or a null pointer and leaves
//     its message, for the calling thread, in ct_last_error().
//   * Every function may be called from any thread.
#pragma once
#include <cstdint>

#if defined(__GNUC__)
#define CT_API extern "C" __attribute__((visibility("default")))
#else
#define CT_API extern "C" __declspec(dllexport)
#endif

// Raised whenever a struct, a tag or a function changes its meaning; the managed side refuses another number.
constexpr int32_t CT_ABI = 3;

// What one argument or result holds.
enum CtTag : int32_t {
  CT_NONE = 0,
  CT_TENSOR,       // pointer: a handle
  CT_INT,          // integer; also ScalarType, Layout and MemoryFormat, which are integers when boxed
  CT_DOUBLE,
  CT_BOOL,
  CT_INTS,         // pointer to length int64_t
  CT_DOUBLES,      // pointer to length double
  CT_TENSORS,      // pointer to length handles
  CT_OPT_TENSORS,  // the same, null where absent (Tensor?[])
  CT_STRING,       // pointer to length UTF-8 bytes
  CT_DEVICE,       // integer: (device type << 16) | (device index & 0xff)
  CT_GENERATOR,    // pointer from ct_generator_new
  CT_DEFAULT,      // take the schema's default value
};

struct CtCell {
  int32_t tag;
  int32_t length;
  union { int64_t integer; double number; void* pointer; };
};
static_assert(sizeof(CtCell) == 16, "the managed side declares 16 bytes");

struct CtMeta {
  int32_t rank, dtype, device_type, device_index;
  int32_t requires_grad, is_leaf, is_contiguous, is_sparse;
  int64_t count, element_size, storage_offset;
  void* data;  // null unless the memory is the CPU's
};

CT_API int32_t ct_initialize();                    // loads libtorch_cuda where there is one; returns CT_ABI
CT_API const char* ct_version();
CT_API const char* ct_last_error();

CT_API void* ct_op(const char* name, const char* overload);  // lives for the process; null when there is no such operator
CT_API int32_t ct_call(void* op, const CtCell* arguments, int32_t count, CtCell* results, int32_t capacity);
CT_API void ct_free_list(void* list);

CT_API void ct_free(void* tensor);
CT_API void* ct_share(void* tensor);
CT_API int32_t ct_meta(void* tensor, CtMeta* meta, int64_t* sizes, int64_t* strides, int32_t capacity);
CT_API int32_t ct_item(void* tensor, CtCell* value);
CT_API void* ct_from_blob(void* data, int32_t dtype, const int64_t* sizes, int32_t rank, void (*release)(void*), void* context);
CT_API int32_t ct_copy_out(void* tensor, void* destination, int64_t bytes);
CT_API int32_t ct_copy_in(void* tensor, const void* source, int64_t bytes);

CT_API int32_t ct_set_requires_grad(void* tensor, int32_t value);
CT_API int32_t ct_retain_grad(void* tensor);
CT_API int32_t ct_grad(void* tensor, void** gradient);
CT_API int32_t ct_set_grad(void* tensor, void* gradient);
CT_API int32_t ct_backward(void** tensors, void** gradients, int32_t count, void** inputs, int32_t input_count, int32_t retain, int32_t create);
CT_API int32_t ct_gradients(void** outputs, void** gradients, int32_t count, void** inputs, int32_t input_count,
                            int32_t retain, int32_t create, int32_t allow_unused, void** results);
CT_API int32_t ct_grad_mode(int32_t value);        // 0, 1, or -1 to read; returns what it was
CT_API int32_t ct_inference_mode();
CT_API void* ct_inference_enter(int32_t value);    // leave on the same thread, last in first out
CT_API void ct_inference_leave(void* guard);

CT_API int32_t ct_manual_seed(int64_t seed);
CT_API void* ct_generator_new(int64_t device, uint64_t seed);
CT_API void* ct_generator_default(int64_t device);
CT_API void ct_generator_free(void* generator);
CT_API int32_t ct_generator_seed(void* generator, int64_t seed);
CT_API uint64_t ct_generator_initial_seed(void* generator);
CT_API uint64_t ct_generator_reseed(void* generator);
CT_API void* ct_generator_state(void* generator);
CT_API int32_t ct_generator_set_state(void* generator, void* state);

CT_API int32_t ct_threads(int32_t count);          // 0 or less reads
CT_API int32_t ct_interop_threads(int32_t count);
CT_API int32_t ct_cuda_devices();                  // 0 when there is none
CT_API int32_t ct_cuda_cudnn();
CT_API int32_t ct_cuda_synchronize(int32_t device);
CT_API int32_t ct_cuda_seed(int64_t seed, int32_t all);

enum CtSetting : int32_t { CT_TF32_MATMUL = 0, CT_TF32_CUDNN, CT_DETERMINISTIC, CT_DETERMINISTIC_WARN_ONLY, CT_FLASH_ATTENTION, CT_MATH_ATTENTION };
CT_API int32_t ct_setting(int32_t which, int32_t value);  // value 0 or 1, or -1 to read; returns what it is afterwards
