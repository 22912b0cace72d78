// Walk: what the parts of the check share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "converter/check/boot_chain.hpp"
#include "converter/patch/drivers/image_facts.hpp"
#include "converter/patch/imports.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntferry::check {

class Walk {
  public:
    Walk(patch::Subject& subject, const profiles::Profile& profile, const BiosGeometry& geometry,
         Verdict& verdict)
        : subject_(subject), profile_(profile), geometry_(geometry), verdict_(verdict) {}

    patch::Subject& subject() { return subject_; }
    const profiles::Profile& profile() const { return profile_; }
    const BiosGeometry& geometry() const { return geometry_; }
    Verdict& verdict() { return verdict_; }

    void good(const std::string& id, const std::string& what);
    void notice(const std::string& id, const std::string& what, const std::string& symptom,
                const std::string& remedy = {});
    void broken(const std::string& id, const std::string& what, const std::string& symptom,
                const std::string& remedy = {});
    /// broken or notice.
    void defect(bool fatal, const std::string& id, const std::string& what, const std::string& symptom,
                const std::string& remedy = {});

    /// A file of the boot volume; nothing when it is not there.
    std::optional<Bytes> read(const std::string& path);
    /// What keeps INT 13h from reading a file: where it lies, compression. Empty when nothing does.
    std::string out_of_reach(const patch::VolumeRef& volume, const std::string& path);
    /// Modules as the kernel will find them.
    patch::ModuleSet& modules();

    std::string kernel_file = "ntoskrnl.exe"; ///< below system32, by boot.ini
    std::string hal_file = "hal.dll";

  private:
    patch::Subject& subject_;
    const profiles::Profile& profile_;
    BiosGeometry geometry_;
    Verdict& verdict_;
    std::optional<patch::ModuleSet> modules_;
};

// The parts, in the order of the chain.
void walk_disk(Walk& walk);     ///< MBR, boot sector, geometry
void walk_loader(Walk& walk);   ///< NTLDR, NTDETECT.COM, boot.ini
void walk_kernel(Walk& walk);   ///< kernel, HAL
void walk_registry(Walk& walk); ///< SYSTEM and the other hives
void walk_drivers(Walk& walk);  ///< boot and system start drivers, the disk driver stack
void walk_session(Walk& walk);  ///< ntdll, smss and what follows; display, network

} // namespace ntferry::check
