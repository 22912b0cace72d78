// ntferry-resources: what a machine may use and has used.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/host/control/qmp_command.hpp"

#include <sys/resource.h>

namespace ntferry::vmm::qmp {

boost::json::value resources(QmpContext& context, const QmpArguments&) {
    const ResourceReport report = context.machine.resources();
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    constexpr double microsecond = 1e-6;
    const double seconds = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                           microsecond * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    return boost::json::object{
        {"cpu-weight", report.cpu_weight},
        {"cpu-cap-percent", report.cpu_cap_percent},
        {"cpu-reserve-percent", report.cpu_reserve_percent},
        {"cpu-seconds", seconds},
        {"memory", report.memory},
        {"memory-ceiling", report.memory_ceiling},
        {"memory-peak", std::uint64_t{1024} * static_cast<std::uint64_t>(used.ru_maxrss)},
        {"disk-bytes-per-second", report.disk_bytes_per_second},
        {"disk-operations-per-second", report.disk_operations_per_second},
        {"limits", report.limits}};
}

} // namespace ntferry::vmm::qmp
