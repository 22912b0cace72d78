// Vendor drivers and services that belong to the old hardware. What is known of them is data: vendor rule
// files (nt/vendors.hpp) and <vendor-rule> elements of overrides; this file only says what is done with a
// class when its rule does not.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/nt/stock_drivers.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace ntferry::patch {
namespace {

constexpr std::uint32_t start_auto = 2;
constexpr std::uint32_t start_demand = 3;

/// Groups whose drivers reach for hardware or sit in the way to the disk.
constexpr std::array<std::string_view, 7> hardware_groups{
    "System Bus Extender", "SCSI miniport", "port", "Primary disk", "filter", "Video", "NDIS"};

class AgentRule {
  public:
    explicit AgentRule(RuleContext& context) : context_(context) {}

    void run() {
        for (const unsigned set : context_.subject().control_sets())
            for (const nt::Service& service : context_.services(set))
                if (service.start <= start_auto)
                    judge(set, service);
    }

  private:
    std::string evidence(unsigned set, const nt::Service& service) const {
        return fmt::format("{}\\Start is {}, {}", RuleContext::service_key(set, service.name), service.start,
                           service.image_path.empty() ? "default image" : service.image_path);
    }

    void judge(unsigned set, const nt::Service& service) {
        for (const VendorRule& rule : context_.vendor_rules())
            if (text::wildcard_match(rule.pattern, service.name)) {
                act(set, service, rule.action, rule.product, rule.note);
                return;
            }
        if (const nt::VendorEntry* entry = context_.vendors().find(service)) {
            act(set, service, entry->action.value_or(action_for(entry->kind, service)), entry->product,
                entry->note);
            return;
        }
        if (service.is_program()) {
            if (const nt::VendorFolder* folder = context_.vendors().find_folder(service.image_path))
                act(set, service, VendorAction::manual, "a program of " + folder->vendor, "");
            return;
        }
        propose(set, service);
    }

    /// An unknown driver that reaches for hardware: other rules switch off those of disks, display and
    /// network; what is left may be needed, so the administrator says (B.8.1 of the facts).
    void propose(unsigned set, const nt::Service& service) {
        const bool hardware = std::any_of(hardware_groups.begin(), hardware_groups.end(),
                                          [&](std::string_view group) { return service.in_group(group); });
        if (!hardware || !service.is_driver() || nt::is_stock_driver(service.name) ||
            context_.dword(RuleContext::service_key(set, service.name), "Start").value_or(4) > start_auto)
            return;
        if (reported_.insert(text::to_lower(service.name)).second)
            context_.note(fmt::format(
                "{} did not come with NT and is in group {}: when it belongs to the old machine, disable it "
                "with --set 'SYSTEM\\CurrentControlSet\\Services\\{}\\Start=dword:4'",
                service.name, service.group, service.name));
    }

    static VendorAction action_for(nt::VendorClass kind, const nt::Service& service) {
        switch (kind) {
        case nt::VendorClass::oem_storage:
        case nt::VendorClass::ups:
            return VendorAction::disable;
        case nt::VendorClass::agent:
            // A driver looks for its hardware at every start; a program can at least be started by hand.
            return service.is_driver() ? VendorAction::disable : VendorAction::manual;
        case nt::VendorClass::filter:
        case nt::VendorClass::remote_control:
        case nt::VendorClass::dongle:
            return VendorAction::report;
        default:
            return VendorAction::keep; // other rules' business, or nobody's
        }
    }

    void act(unsigned set, const nt::Service& service, VendorAction action, const std::string& product,
             const std::string& note) {
        const std::string what = note.empty() ? product : fmt::format("{}: {}", product, note);
        switch (action) {
        case VendorAction::disable:
            context_.disable(set, service.name,
                             {what + " belongs to hardware that is gone", evidence(set, service)});
            break;
        case VendorAction::manual:
            if (service.start == start_auto)
                context_.set_start(
                    set, service.name, start_demand,
                    {what + " is of no use here; it starts by hand only", evidence(set, service)});
            break;
        case VendorAction::report:
            if (reported_.insert(text::to_lower(service.name)).second)
                context_.note(fmt::format(
                    "{} ({}) stays as it is: if the first start hangs, disable it with an own action",
                    service.name, what));
            break;
        case VendorAction::keep:
            break;
        }
    }

    RuleContext& context_;
    std::set<std::string> reported_;
};

} // namespace

void plan_agents(RuleContext& context) {
    AgentRule(context).run();
}

} // namespace ntferry::patch
