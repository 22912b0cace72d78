// {fmt}'s own code, compiled into the programs: Debian has it as a shared library only, and that one brings
// the shared C++ library along.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The declarations in fmt/format.h promise these instances to whoever does not use it header-only.
#include <fmt/format-inl.h>

namespace fmt {
inline namespace v9 {
namespace detail {

template auto dragonbox::to_decimal(float) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double) noexcept -> dragonbox::decimal_fp<double>;
template locale_ref::locale_ref(const std::locale&);
template auto locale_ref::get<std::locale>() const -> std::locale;
template auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);

} // namespace detail
} // namespace v9
} // namespace fmt
