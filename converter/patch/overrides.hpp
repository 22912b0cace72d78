// Overrides: what the administrator changes about a plan, from an XML file and the command line.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/nt/vendors.hpp"
#include "converter/patch/action.hpp"

#include <map>
#include <string>
#include <vector>

namespace ntferry::patch {

using nt::VendorAction;

/// What to do with services of a name: the administrator's, before those that NTFerry knows.
struct VendorRule {
    std::string pattern; ///< '*' and '?' allowed: "Cpq*"
    VendorAction action = VendorAction::report;
    std::string product;
    std::string note;
};

struct Overrides {
    std::vector<std::string> leave_out;           ///< action ids, '*' and '?' allowed: "agents.*"
    std::vector<Action> own;                      ///< run after the rules' actions, in this order
    std::vector<VendorRule> vendor_rules;         ///< the first that fits a service counts
    std::map<std::string, std::string> settings;  ///< over the profile's: "nic-strategy" -> "rename"
    std::map<std::string, std::string> decisions; ///< decision id -> name of the choice
    nt::SharedVendorTable vendors;                ///< vendor rules; nothing: nt::load_vendor_table()

    /// Lists are joined; of settings and decisions the other's win.
    void merge(const Overrides& other);
};

/// <overrides> <leave-out id=""/> <setting name="" value=""/> <decide id="" choice=""/>
/// <vendor-rule pattern="" action="keep|report|manual|disable" product="" note=""/>
/// <action reason=""> <set-value hive="" key="" name="" type="" value=""/> </action> </overrides>
/// Keys may begin with CurrentControlSet: the action is repeated for every bootable control set.
/// @param folder of relative file names in <write-file from="">
/// @throws Error naming file, line, element and what is allowed
Overrides parse_overrides(const std::string& xml, const std::string& name_for_messages,
                          const std::string& folder);
Overrides load_overrides(const std::string& path);

/// An action written on the command line: `HIVE\\KEY\\NAME=TYPE:VALUE`, as
/// `SYSTEM\\CurrentControlSet\\Services\\foo\\Start=dword:4`; types dword, sz, expand_sz, multi_sz (';'
/// between strings), binary (hexadecimal), delete (no value).
/// @throws Error (usage)
Action parse_own_action(const std::string& text);

} // namespace ntferry::patch
