// Plans as XML.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/patch/plan.hpp"
#include "converter/patch/value_xml.hpp"

#include <sstream>

namespace ntferry::patch {
namespace {

constexpr unsigned schema_version = 1;

void write_action(pugi::xml_node parent, const Action& action) {
    pugi::xml_node node = parent.append_child("action");
    node.append_attribute("id") = action.id.c_str();
    node.append_attribute("rule") = action.rule.c_str();
    node.append_attribute("reason") = action.reason.c_str();
    node.append_attribute("evidence") = action.evidence.c_str();
    write_change(node, action.change);
}

Action read_action(const XmlSource& source, pugi::xml_node node) {
    Action action;
    action.id = source.required(node, "id");
    action.rule = source.required(node, "rule");
    action.reason = node.attribute("reason").value();
    action.evidence = node.attribute("evidence").value();
    const pugi::xml_node change = node.first_child();
    if (!change)
        source.fail(node, "holds no change");
    action.change = read_change(source, change, [&](const std::string&) -> Bytes {
        source.fail(change, "a plan does not name local files");
    });
    return action;
}

} // namespace

std::string plan_xml(const Plan& plan) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node root = document.append_child("plan");
    root.append_attribute("schema") = schema_version;
    root.append_attribute("source") = plan.source.c_str();
    root.append_attribute("profile") = plan.profile.c_str();
    root.append_attribute("family") = plan.family.c_str();
    root.append_attribute("installation") = plan.installation.c_str();
    pugi::xml_node system = root.append_child("system");
    system.append_attribute("disk") = plan.system.volume.disk;
    system.append_attribute("start") = static_cast<unsigned long long>(plan.system.volume.start);
    system.append_attribute("root") = plan.system.root.c_str();
    pugi::xml_node actions = root.append_child("actions");
    for (const Action& action : plan.actions)
        write_action(actions, action);
    pugi::xml_node left_out = root.append_child("left-out");
    for (const Action& action : plan.left_out)
        write_action(left_out, action);
    for (const Decision& decision : plan.decisions) {
        pugi::xml_node node = root.append_child("decision");
        node.append_attribute("id") = decision.id.c_str();
        node.append_attribute("question") = decision.question.c_str();
        node.append_attribute("evidence") = decision.evidence.c_str();
        node.append_attribute("chosen") = decision.chosen.c_str();
        for (const Choice& choice : decision.choices) {
            pugi::xml_node child = node.append_child("choice");
            child.append_attribute("name") = choice.name.c_str();
            child.append_attribute("what") = choice.what.c_str();
        }
    }
    for (const MissingFile& file : plan.missing) {
        pugi::xml_node node = root.append_child("missing-file");
        node.append_attribute("name") = file.name.c_str();
        node.append_attribute("rule") = file.rule.c_str();
        node.append_attribute("why") = file.why.c_str();
        node.append_attribute("where") = file.where.c_str();
        node.append_attribute("essential") = file.essential;
        for (const std::string& copy : file.rejected)
            node.append_child("rejected").append_attribute("copy") = copy.c_str();
    }
    for (const Note& note : plan.notes) {
        pugi::xml_node node = root.append_child("note");
        node.append_attribute("rule") = note.rule.c_str();
        node.append_attribute("text") = note.text.c_str();
    }
    for (const OverlayRecord& overlay : plan.overlays) {
        pugi::xml_node node = root.append_child("overlay");
        node.append_attribute("disk") = overlay.disk;
        node.append_attribute("size") = static_cast<unsigned long long>(overlay.size);
        node.append_attribute("sha256") = overlay.sha256.c_str();
    }
    for (const std::string& text : plan.not_done)
        root.append_child("not-done").append_attribute("text") = text.c_str();
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

Plan parse_plan(const std::string& xml, const std::string& name_for_messages) {
    const XmlSource source(xml, name_for_messages);
    const pugi::xml_node root = source.root();
    if (std::string_view(root.name()) != "plan")
        source.fail(root, "is not a plan");
    if (source.required_number(root, "schema") != schema_version)
        source.fail(root, "has another schema version", "use the release of NTFerry that wrote it");
    Plan plan;
    plan.source = root.attribute("source").value();
    plan.profile = root.attribute("profile").value();
    plan.family = root.attribute("family").value();
    plan.installation = root.attribute("installation").value();
    if (const pugi::xml_node system = root.child("system")) {
        plan.system.volume.disk = static_cast<unsigned>(source.number(system, "disk", 0));
        plan.system.volume.start = source.number(system, "start", 0);
        plan.system.root = system.attribute("root").value();
    }
    for (const pugi::xml_node node : root.child("actions").children("action"))
        plan.actions.push_back(read_action(source, node));
    for (const pugi::xml_node node : root.child("left-out").children("action"))
        plan.left_out.push_back(read_action(source, node));
    for (const pugi::xml_node node : root.children("decision")) {
        Decision decision;
        decision.id = source.required(node, "id");
        decision.question = node.attribute("question").value();
        decision.evidence = node.attribute("evidence").value();
        decision.chosen = node.attribute("chosen").value();
        for (const pugi::xml_node child : node.children("choice"))
            decision.choices.push_back({source.required(child, "name"), child.attribute("what").value()});
        plan.decisions.push_back(std::move(decision));
    }
    for (const pugi::xml_node node : root.children("missing-file")) {
        MissingFile file;
        file.name = source.required(node, "name");
        file.rule = node.attribute("rule").value();
        file.why = node.attribute("why").value();
        file.where = node.attribute("where").value();
        file.essential = node.attribute("essential").as_bool(true);
        for (const pugi::xml_node copy : node.children("rejected"))
            file.rejected.emplace_back(copy.attribute("copy").value());
        plan.missing.push_back(std::move(file));
    }
    for (const pugi::xml_node node : root.children("note"))
        plan.notes.push_back({node.attribute("rule").value(), node.attribute("text").value()});
    for (const pugi::xml_node node : root.children("overlay"))
        plan.overlays.push_back({static_cast<unsigned>(source.number(node, "disk", 0)),
                                 source.number(node, "size", 0), source.required(node, "sha256")});
    for (const pugi::xml_node node : root.children("not-done"))
        plan.not_done.emplace_back(node.attribute("text").value());
    return plan;
}

} // namespace ntferry::patch
