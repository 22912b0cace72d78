// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/shared_library.hpp"

#include "converter/base/error.hpp"

#include <dlfcn.h>

#include <string>

namespace ntferry {

void* SharedLibrary::handle() const {
    // The loader counts and finds one that is there already; nobody unloads it.
    if (void* handle = ::dlopen(file_, RTLD_NOW | RTLD_LOCAL))
        return handle;
    const char* why = ::dlerror();
    throw Error(file_, why != nullptr ? why : "cannot be loaded",
                std::string("install the package ") + package_, ErrorKind::unsupported);
}

void* SharedLibrary::find(const char* name) const {
    if (void* function = ::dlsym(handle(), name))
        return function;
    throw Error(file_, std::string("has no function ") + name,
                std::string("install the package ") + package_ + " of this release of Debian",
                ErrorKind::unsupported);
}

} // namespace ntferry
