// ntferry save
// SPDX-License-Identifier: GPL-3.0-or-later
#include "converter/base/error.hpp"
#include "converter/block/file.hpp"
#include "migrate/commands/commands.hpp"
#include "migrate/commands/image_support.hpp"
#include "migrate/commands/running_machine.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace ntferry::cli {
namespace {

/// A file that the machine writes through our descriptor; it gets its name when the machine has done so.
class HandedFile {
  public:
    explicit HandedFile(const std::string& path) : path_(path), part_(path + ".part") {
        if (std::filesystem::exists(path_) && !std::filesystem::is_regular_file(path_))
            throw Error(path_, "is there and no file", "choose another name", ErrorKind::usage);
        descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (descriptor_ < 0)
            throw SystemError(part_, "create", errno);
    }
    ~HandedFile() {
        ::close(descriptor_);
        if (!named_)
            ::unlink(part_.c_str());
    }
    HandedFile(const HandedFile&) = delete;
    HandedFile& operator=(const HandedFile&) = delete;
    int descriptor() const { return descriptor_; }
    void give_name() {
        std::filesystem::rename(part_, path_);
        named_ = true;
        block::sync_directory_of(path_);
    }

  private:
    std::string path_;
    std::string part_;
    int descriptor_ = -1;
    bool named_ = false;
};

int run_save(Invocation& invocation) {
    launch::ControlClient client = connect(invocation);
    std::string file = argument_after_name(invocation, "file");
    if (file.empty()) {
        file = client.run("ntferry-save-state").as_object().at("filename").as_string().c_str();
    } else {
        file = std::filesystem::absolute(file).string();
        HandedFile target(file);
        client.run("ntferry-save-state", {{"filename", client.hand_over(target.descriptor(), file)}});
        target.give_name();
    }
    print_result(invocation, boost::json::object{{"saved", file}}, "saved in " + file);
    return 0;
}

} // namespace

Command save_command() {
    return {
        .name = "save",
        .summary = "saves a running machine into a file and ends it",
        .synopsis = "NAME [FILE] [options]",
        .description =
            "Memory, processors and devices; the disks stay as they are. Without FILE the state goes into "
            "the "
            "machine's state folder, and 'ntferry resume NAME' goes on from there; from another FILE "
            "'ntferry-vmm ... --resume-state FILE' does. Both need disks that nobody has written to since.",
        .add_options = add_machine_options,
        .positional = {{"machine", 1}, {"file", 1}},
        .examples = {{"ntferry save payroll",
                      "before the host is restarted; 'ntferry resume payroll' after it"}},
        .run = run_save};
}

} // namespace ntferry::cli
