// QMP commands about open files that clients hand over: add-fd, remove-fd.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

namespace ntferry::vmm::qmp {

namespace json = boost::json;

json::value add_descriptor(QmpContext& context, const QmpArguments& arguments) {
    const int descriptor = context.received != nullptr ? context.received->take() : -1;
    if (descriptor < 0)
        throw QmpError("No file descriptor supplied via SCM_RIGHTS");
    return json::object{{"fdset-id", context.descriptors.add(descriptor, arguments.text("opaque", ""))},
                        {"fd", descriptor}};
}

json::value remove_descriptor(QmpContext& context, const QmpArguments& arguments) {
    const std::int64_t set = arguments.number("fdset-id", -1);
    if (set < 0 || set > INT32_MAX || !context.descriptors.remove(static_cast<unsigned>(set)))
        throw QmpError("File descriptor named 'fdset-id' not found");
    return json::object{};
}

} // namespace ntferry::vmm::qmp
