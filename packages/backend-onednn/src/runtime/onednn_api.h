// oneDNN 2.x and 3.x through one door: what differs between their interfaces is here and nowhere else. 2.x makes an
// operation descriptor and from it a primitive descriptor; 3.x passes the same arguments to the primitive descriptor.
#pragma once

#include <dnnl.hpp>

#include "runtime/primitive.h"

namespace simclr {

/// The primitive descriptor of a forward operation; `args` are those of 2.x's operation descriptor.
template <class Primitive, class... Args>
typename Primitive::primitive_desc Prepare(const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(Engine(), args..., Attributes());
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), Attributes(), Engine());
#endif
}

/// As Prepare, of a gradient, which oneDNN fits to its forward operation.
template <class Primitive, class Forward, class... Args>
typename Primitive::primitive_desc PrepareGradient(const Forward& forward, const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(Engine(), args..., forward, Attributes());
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), Attributes(), Engine(), forward);
#endif
}

inline dnnl::memory::dims DimsOf(const dnnl::memory::desc& desc) {
#if DNNL_VERSION_MAJOR >= 3
  return desc.get_dims();
#else
  return desc.dims();
#endif
}

}  // namespace simclr
