// SharedLibrary: a library that is loaded when one of its functions is first called.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A machine that shows no screen and has no NAT should not pay for what loads with the libraries of these:
// at every start the dynamic loader would map and relocate some twenty more.
#pragma once

#include <algorithm>
#include <cstddef>

namespace ntferry {

class SharedLibrary {
  public:
    /// @param file as the dynamic loader knows it: the name of its ABI ("libnbd.so.0")
    /// @param package of Debian that holds it, for the message
    constexpr SharedLibrary(const char* file, const char* package) : file_(file), package_(package) {}

    /// Loads it now, where files can still be reached, instead of with the first call. @throws Error
    void load() const { static_cast<void>(handle()); }
    /// A function of it. @throws Error when the library or the function is not there
    void* find(const char* name) const;

  private:
    void* handle() const;

    const char* file_;
    const char* package_;
};

/// A function's name as a template argument.
template <std::size_t size>
struct FunctionName {
    char text[size]{};
    consteval FunctionName(const char (&name)[size]) { std::copy_n(name, size, text); }
};

/// Stands in for a function of a library and is called like it. See NTFERRY_LATE.
template <const SharedLibrary& library, FunctionName name, typename Function>
class LateFunction;

template <const SharedLibrary& library, FunctionName name, typename Result, typename... Arguments>
class LateFunction<library, name, Result (*)(Arguments...)> {
  public:
    using Function = Result (*)(Arguments...);

    /// Where it is, for those who want its address. @throws Error
    static Function address() {
        static const auto found = reinterpret_cast<Function>(library.find(name.text));
        return found;
    }
    Result operator()(Arguments... arguments) const { return address()(arguments...); }
    operator Function() const { return address(); }
};

} // namespace ntferry

/// In a namespace of ours: from here on the unqualified name calls the function by way of the library that
/// was loaded, not of one the program is linked with.
/// (Attributes of the declaration, such as nonnull, are no part of a type: that they are left behind is
/// known.)
#define NTFERRY_LATE(library, function)                                                                      \
    _Pragma("GCC diagnostic push")                                                                           \
        _Pragma("GCC diagnostic ignored \"-Wignored-attributes\"") inline constexpr ::ntferry::LateFunction< \
            library, #function, decltype(&::function)>                                                       \
            function{};                                                                                      \
    _Pragma("GCC diagnostic pop") static_assert(true)
