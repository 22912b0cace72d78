// The table of commands.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/commands/commands.hpp"
#include "migrate/commands/wizard.hpp"

namespace ntferry::cli {

std::vector<Command> all_commands() {
    return {
        // One line per command, in the order of the help text.
        // clang-format off
        convert_command(),
        wizard_command(),
        inspect_command(),
        assess_command(),
        capture_command(),
        plan_command(),
        patch_command(),
        check_command(),
        undo_command(),
        verify_command(),
        launch_command(),
        list_command(),
        export_command(),
        ps_command(),
        stop_command(),
        reset_command(),
        save_command(),
        resume_command(),
        snapshot_create_command(),
        snapshot_list_command(),
        snapshot_revert_command(),
        snapshot_delete_command(),
        screenshot_command(),
        type_command(),
        eject_command(),
        console_command(),
        image_info_command(),
        image_check_command(),
        image_create_command(),
        image_convert_command(),
        image_flatten_command(),
        image_compare_command(),
        image_verify_command(),
        image_commit_command(),
        image_rebase_command(),
        profiles_list_command(),
        profiles_show_command(),
        profiles_check_command(),
        doctor_command(),
        batch_command(),
        batch_status_command(),
        batch_job_command(),
        run_command(),
        bundle_send_command(),
        bundle_receive_command(),
        // clang-format on
    };
}

} // namespace ntferry::cli
