// One boxed entry point for every operator: look the schema up by name, push the arguments as IValues, callBoxed.
// The dispatcher does the rest: device, autograd, dtype.
#include "internal.h"
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <cstdlib>
#include <cstring>

namespace {

// c10::optional in libtorch 1.13, std::optional in 2.x: whichever IValue itself uses.
using OptionalTensor = std::decay_t<decltype(std::declval<const c10::IValue&>().toOptional<at::Tensor>())>;
using c10::TypeKind;

// A parameter of an operator, taken apart once: its kind, its element's kind when it is a list, and whether None is allowed.
struct Parameter {
  TypeKind kind;
  TypeKind element = TypeKind::AnyType;
  bool element_optional = false;
  bool optional = false;
};

struct Op {
  c10::OperatorHandle handle;
  const c10::FunctionSchema* schema;
  std::vector<Parameter> parameters;
};

Parameter describe(const c10::Argument& argument) {
  Parameter p;
  auto type = argument.type();
  if (type->kind() == TypeKind::OptionalType) {
    p.optional = true;
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  p.kind = type->kind();
  if (p.kind == TypeKind::ListType) {
    auto element = type->castRaw<c10::ListType>()->getElementType();
    if (element->kind() == TypeKind::OptionalType) {
      p.element_optional = true;
      element = element->castRaw<c10::OptionalType>()->getElementType();
    }
    p.element = element->kind();
  }
  return p;
}

bool is_integer(TypeKind kind) { return kind == TypeKind::IntType || kind == TypeKind::SymIntType; }

template <class T>
c10::IValue list_of(const CtCell& cell) {
  c10::List<T> list;
  list.reserve(cell.length);
  auto* items = static_cast<const T*>(cell.pointer);
  for (int32_t i = 0; i < cell.length; i++) list.push_back(items[i]);
  return c10::IValue(std::move(list));
}

c10::IValue tensors_of(const CtCell& cell, bool optional) {
  auto** handles = static_cast<void**>(cell.pointer);
  if (!optional) {
    c10::List<at::Tensor> list;
    list.reserve(cell.length);
    for (int32_t i = 0; i < cell.length; i++) {
      TORCH_CHECK(handles[i] != nullptr, "tensor ", i, " of a list is null");
      list.push_back(ct::share(handles[i]));
    }
    return c10::IValue(std::move(list));
  }
  c10::List<OptionalTensor> list;
  list.reserve(cell.length);
  for (int32_t i = 0; i < cell.length; i++) list.push_back(handles[i] ? OptionalTensor(ct::share(handles[i])) : OptionalTensor());
  return c10::IValue(std::move(list));
}

c10::IValue value_of(const CtCell& cell, const Parameter& parameter) {
  switch (cell.tag) {
    case CT_NONE: return c10::IValue();
    case CT_TENSOR: return c10::IValue(ct::share(cell.pointer));
    case CT_INT:
      if (parameter.kind == TypeKind::FloatType) return c10::IValue(static_cast<double>(cell.integer));
      return c10::IValue(cell.integer);
    case CT_DOUBLE: return c10::IValue(cell.number);
    case CT_BOOL: return c10::IValue(cell.integer != 0);
    case CT_INTS: return list_of<int64_t>(cell);
    case CT_DOUBLES: return list_of<double>(cell);
    case CT_TENSORS:
    case CT_OPT_TENSORS: return tensors_of(cell, parameter.element_optional);
    case CT_STRING: return c10::IValue(std::string(static_cast<const char*>(cell.pointer), cell.length));
    case CT_DEVICE: return c10::IValue(ct::device(cell.integer));
    case CT_GENERATOR: return c10::IValue(*static_cast<at::Generator*>(cell.pointer));
  }
  TORCH_CHECK(false, "argument tag ", cell.tag, " is not known");
}

// Release builds of the unboxing kernels trust the tag of an IValue, so a wrong one would be undefined behaviour there. It is an error here.
bool fits(const c10::IValue& value, const Parameter& parameter) {
  if (value.isNone()) return parameter.optional || parameter.kind == TypeKind::NoneType;
  switch (parameter.kind) {
    case TypeKind::TensorType: return value.isTensor();
    case TypeKind::IntType:
    case TypeKind::SymIntType: return value.isInt();
    case TypeKind::FloatType: return value.isDouble();
    case TypeKind::BoolType: return value.isBool();
    case TypeKind::NumberType: return value.isScalar();
    case TypeKind::StringType: return value.isString();
    case TypeKind::DeviceObjType: return value.isDevice();
    case TypeKind::GeneratorType: return value.isGenerator();
    case TypeKind::ListType:
      if (is_integer(parameter.element)) return value.isIntList();
      if (parameter.element == TypeKind::FloatType) return value.isDoubleList();
      if (parameter.element == TypeKind::TensorType) return parameter.element_optional ? value.isOptionalTensorList() : value.isTensorList();
      return false;
    default: return is_integer(parameter.kind) ? value.isInt() : false;
  }
}

// A boxed ScalarType, Layout or MemoryFormat has a kind of its own in newer schemas, yet travels as an integer.
bool fits_as_integer(const c10::IValue& value, const Parameter& parameter) {
  return value.isInt() && (parameter.kind == TypeKind::ScalarTypeType || parameter.kind == TypeKind::LayoutType ||
                           parameter.kind == TypeKind::MemoryFormatType);
}

void store(c10::IValue&& value, CtCell& cell) {
  cell.length = 0;
  cell.integer = 0;
  if (value.isTensor()) {
    cell.tag = CT_TENSOR;
    cell.pointer = ct::give(std::move(value).toTensor());
  } else if (value.isInt()) {
    cell.tag = CT_INT;
    cell.integer = value.toInt();
  } else if (value.isDouble()) {
    cell.tag = CT_DOUBLE;
    cell.number = value.toDouble();
  } else if (value.isBool()) {
    cell.tag = CT_BOOL;
    cell.integer = value.toBool();
  } else if (value.isNone()) {
    cell.tag = CT_NONE;
  } else if (value.isTensorList()) {
    auto list = std::move(value).toTensorVector();
    auto** handles = static_cast<void**>(std::malloc(sizeof(void*) * (list.size() + 1)));
    for (size_t i = 0; i < list.size(); i++) handles[i] = ct::give(std::move(list[i]));
    cell.tag = CT_TENSORS;
    cell.length = static_cast<int32_t>(list.size());
    cell.pointer = handles;
  } else {
    TORCH_CHECK(false, "a result of kind ", value.tagKind(), " has no place in this interface");
  }
}

// Reused from call to call so that none allocates; swapped out while in use, because a kernel may call back into another one.
thread_local torch::jit::Stack spare_stack;

struct BorrowedStack {
  torch::jit::Stack stack;
  BorrowedStack() { stack.swap(spare_stack); }
  ~BorrowedStack() {
    stack.clear();
    stack.swap(spare_stack);
  }
};

void push(torch::jit::Stack& stack, const Op& op, size_t index, const CtCell* given) {
  const auto& argument = op.schema->arguments()[index];
  if (given == nullptr || given->tag == CT_DEFAULT) {
    const auto& value = argument.default_value();
    TORCH_CHECK(value.has_value(), op.schema->name(), ": argument ", index, " (", argument.name(), ") is required");
    stack.emplace_back(*value);
    return;
  }
  const auto& parameter = op.parameters[index];
  stack.emplace_back(value_of(*given, parameter));
  const auto& value = stack.back();
  TORCH_CHECK(fits(value, parameter) || fits_as_integer(value, parameter), op.schema->name(), ": argument ", index, " (", argument.name(),
              ") wants ", argument.type()->repr_str(), ", got ", value.tagKind());
}

}  // namespace

CT_API void* ct_op(const char* name, const char* overload) {
  Op* result = nullptr;
  ct::guard([&] {
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    auto op = std::make_unique<Op>(Op{handle, &handle.schema(), {}});
    for (const auto& argument : op->schema->arguments()) op->parameters.push_back(describe(argument));
    result = op.release();
  });
  return result;
}

// Returns the number of results, or -1. Missing trailing arguments take the schema's defaults. With null results they are dropped
// (operators that work in place return their own first argument).
CT_API int32_t ct_call(void* op_handle, const CtCell* arguments, int32_t count, CtCell* results, int32_t capacity) {
  int32_t stored = 0;
  int32_t status = ct::guard([&] {
    const Op& op = *static_cast<Op*>(op_handle);
    const size_t wanted = op.parameters.size();
    TORCH_CHECK(static_cast<size_t>(count) <= wanted, op.schema->name(), ": ", count, " arguments given, at most ", wanted, " taken");
    BorrowedStack borrowed;
    auto& stack = borrowed.stack;
    for (size_t i = 0; i < wanted; i++) push(stack, op, i, i < static_cast<size_t>(count) ? &arguments[i] : nullptr);
    op.handle.callBoxed(stack);
    if (results == nullptr) return;
    TORCH_CHECK(stack.size() <= static_cast<size_t>(capacity), op.schema->name(), ": ", stack.size(), " results, room for ", capacity);
    for (auto& value : stack) store(std::move(value), results[stored++]);
  });
  return status == 0 ? stored : status;
}

CT_API void ct_free_list(void* list) { std::free(list); }
