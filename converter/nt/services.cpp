// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/nt/services.hpp"

#include "converter/base/text.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace ntferry::nt {
namespace {

constexpr std::size_t services_limit = 4096; // a loaded server has some 250

std::map<std::string, std::size_t> group_positions(const registry::Hive& system,
                                                   const std::string& control_set) {
    std::map<std::string, std::size_t> positions;
    for (const std::string& group : system.strings(control_set + "\\Control\\ServiceGroupOrder", "List"))
        positions.emplace(text::to_lower(group), positions.size());
    return positions;
}

/// Tags of each group in load order: GroupOrderList\GROUP is a count and that many DWORDs.
std::map<std::string, std::vector<std::uint32_t>> tag_lists(const registry::Hive& system,
                                                            const std::string& control_set) {
    std::map<std::string, std::vector<std::uint32_t>> lists;
    const auto key = system.find(control_set + "\\Control\\GroupOrderList");
    if (!key)
        return lists;
    for (const auto& [name, value] : key->values(registry::Key::typed_limit)) {
        if (value.data.size() < 4)
            continue;
        const std::size_t count =
            std::min<std::size_t>(load_le<std::uint32_t>(value.data, 0), value.data.size() / 4 - 1);
        std::vector<std::uint32_t>& tags = lists[text::to_lower(name)];
        for (std::size_t i = 0; i < count; ++i)
            tags.push_back(load_le<std::uint32_t>(value.data, 4 + i * 4));
    }
    return lists;
}

} // namespace

const char* start_name(std::uint32_t start) {
    static constexpr const char* names[] = {"boot", "system", "automatic", "manual", "disabled"};
    return start < std::size(names) ? names[start] : "unknown";
}

bool Service::in_group(std::string_view name_of_group) const {
    return text::iequals(group, name_of_group);
}

std::string Service::effective_image() const {
    if (!image_path.empty())
        return image_path;
    return is_driver() ? "System32\\drivers\\" + name + ".sys" : std::string();
}

std::vector<Service> read_services(const registry::Hive& system, const std::string& control_set) {
    std::vector<Service> services;
    const auto root = system.find(control_set + "\\Services");
    if (!root)
        return services;
    for (const registry::Key& key : root->children()) {
        if (services.size() == services_limit)
            break;
        Service one;
        std::optional<std::uint32_t> type;
        for (const auto& [name, value] : key.values(registry::Key::typed_limit)) {
            if (text::iequals(name, "Type"))
                type = value.as_dword();
            else if (text::iequals(name, "Start"))
                one.start = value.as_dword().value_or(start_disabled);
            else if (text::iequals(name, "ErrorControl"))
                one.error_control = value.as_dword().value_or(0);
            else if (text::iequals(name, "Group"))
                one.group = value.as_string().value_or("");
            else if (text::iequals(name, "Tag"))
                one.tag = value.as_dword();
            else if (text::iequals(name, "ImagePath"))
                one.image_path = value.as_string().value_or("");
            else if (text::iequals(name, "DisplayName"))
                one.display_name = value.as_string().value_or("");
            else if (text::iequals(name, "ObjectName"))
                one.account = value.as_string().value_or("");
            else if (text::iequals(name, "DependOnGroup"))
                one.depends_on_groups = value.as_strings();
            else if (text::iequals(name, "DependOnService"))
                one.depends_on_services = value.as_strings();
        }
        if (!type)
            continue; // a key that only holds parameters
        one.type = *type;
        one.name = key.name();
        services.push_back(std::move(one));
    }
    return services;
}

const Service* find_service(const std::vector<Service>& services, std::string_view name) {
    const auto found = std::find_if(services.begin(), services.end(),
                                    [&](const Service& one) { return text::iequals(one.name, name); });
    return found == services.end() ? nullptr : &*found;
}

std::vector<std::string> load_order(const registry::Hive& system, const std::string& control_set,
                                    const std::vector<Service>& services, std::uint32_t start) {
    const auto groups = group_positions(system, control_set);
    const auto tags = tag_lists(system, control_set);
    struct Place {
        std::size_t group;
        std::size_t tag;
        std::size_t index;
    };
    std::vector<Place> order;
    for (std::size_t i = 0; i < services.size(); ++i) {
        const Service& service = services[i];
        if (!service.is_driver() || service.start != start)
            continue;
        Place place{groups.size(), SIZE_MAX, i};
        const std::string group = text::to_lower(service.group);
        if (const auto found = groups.find(group); found != groups.end())
            place.group = found->second;
        else if (group.empty())
            place.group = groups.size() + 1; // behind those whose group is not listed
        if (const auto found = tags.find(group); found != tags.end() && service.tag) {
            const auto at = std::find(found->second.begin(), found->second.end(), *service.tag);
            if (at != found->second.end())
                place.tag = static_cast<std::size_t>(at - found->second.begin());
        }
        order.push_back(place);
    }
    std::sort(order.begin(), order.end(), [](const Place& a, const Place& b) {
        return std::tie(a.group, a.tag, a.index) < std::tie(b.group, b.tag, b.index);
    });
    std::vector<std::string> names;
    for (const Place& place : order)
        names.push_back(services[place.index].name);
    return names;
}

} // namespace ntferry::nt
