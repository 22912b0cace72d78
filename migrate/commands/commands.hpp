// One function per command, each in a file of its own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/cli/command.hpp"

namespace ntferry::cli {

Command capture_command();
Command convert_command();
Command verify_command();
Command inspect_command();
Command assess_command();
Command image_info_command();
Command image_check_command();
Command image_create_command();
Command image_convert_command();
Command image_flatten_command();
Command image_compare_command();
Command image_verify_command();
Command image_commit_command();
Command image_rebase_command();
Command plan_command();
Command patch_command();
Command undo_command();
Command check_command();
Command ps_command();
Command stop_command();
Command reset_command();
Command save_command();
Command resume_command();
Command snapshot_create_command();
Command snapshot_list_command();
Command snapshot_revert_command();
Command snapshot_delete_command();
Command screenshot_command();
Command type_command();
Command eject_command();
Command console_command();
Command profiles_list_command();
Command profiles_show_command();
Command profiles_check_command();
Command doctor_command();
Command batch_command();
Command batch_status_command();
Command batch_job_command();
Command export_command();
Command launch_command();
Command list_command();
Command run_command();
Command bundle_send_command();
Command bundle_receive_command();

} // namespace ntferry::cli
