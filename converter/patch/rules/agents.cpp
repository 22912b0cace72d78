// Vendor drivers and services that belong to the old hardware. What is known of them is data:
// converter/nt/data and <vendor-rule> elements of overrides; this file only says what is done with a class.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/text.hpp"
#include "converter/nt/vendors.hpp"
#include "converter/patch/rules/rules.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

namespace ntferry::patch {
namespace {

constexpr std::uint32_t start_auto = 2;
constexpr std::uint32_t start_demand = 3;

/// Folders of the makers' own programs (B.8.1 of the facts): their automatic services do not help a machine
/// that is not theirs.
constexpr std::array<std::string_view, 7> vendor_folders{"\\compaq\\", "\\cpq",     "\\dell\\", "\\hp\\",
                                                         "\\ibm\\",    "\\intel\\", "\\apc\\"};

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
        if (const nt::VendorEntry* entry = nt::find_vendor(service)) {
            act(set, service, action_for(entry->kind, service), std::string(entry->product),
                std::string(entry->note));
            return;
        }
        if (!service.is_program())
            return;
        const std::string path = text::to_lower(service.image_path);
        for (const std::string_view folder : vendor_folders)
            if (path.find(folder) != std::string::npos) {
                act(set, service, VendorAction::manual, "a program of the old machine's maker", "");
                return;
            }
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
