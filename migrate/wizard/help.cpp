// The pages' factory, their places in the journey, and what F1 says on each.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/pages.hpp"

namespace ntferry::wizard {

PagePtr make_page(PageId id, Context& context) {
    switch (id) {
    case PageId::welcome:
        return welcome_page(context);
    case PageId::source:
        return source_page();
    case PageId::local_disks:
        return local_disks_page(context);
    case PageId::browse_source:
        return browse_page(context, false);
    case PageId::type_source:
        return type_path_page(false);
    case PageId::address:
        return address_page();
    case PageId::disks:
        return disks_page();
    case PageId::examine:
        return examine_page();
    case PageId::unreadable:
        return unreadable_page();
    case PageId::found:
        return found_page();
    case PageId::assessment:
        return assessment_page();
    case PageId::media:
        return media_page(context);
    case PageId::browse_media:
        return browse_page(context, true);
    case PageId::type_media:
        return type_path_page(true);
    case PageId::decision:
        return decision_page(context);
    case PageId::network:
        return network_page(context);
    case PageId::bridge:
        return bridge_page(context);
    case PageId::memory:
        return memory_page(context);
    case PageId::other_memory:
        return other_memory_page(context);
    case PageId::target:
        return target_page(context);
    case PageId::trial:
        return trial_page(context);
    case PageId::summary:
        return summary_page();
    case PageId::convert:
        return convert_page();
    case PageId::failed:
        return failed_page();
    case PageId::screen:
        return screen_page();
    case PageId::done:
        return done_page();
    }
    return welcome_page(context);
}

unsigned step_of(PageId id) {
    switch (id) {
    case PageId::welcome:
        return 0;
    case PageId::source:
    case PageId::local_disks:
    case PageId::browse_source:
    case PageId::type_source:
    case PageId::address:
    case PageId::disks:
        return 1;
    case PageId::examine:
    case PageId::unreadable:
    case PageId::found:
        return 2;
    case PageId::assessment:
        return 3;
    case PageId::media:
    case PageId::browse_media:
    case PageId::type_media:
    case PageId::decision:
        return 4;
    case PageId::network:
    case PageId::bridge:
    case PageId::memory:
    case PageId::other_memory:
        return 5;
    case PageId::target:
    case PageId::trial:
        return 6;
    case PageId::summary:
        return 7;
    case PageId::convert:
    case PageId::failed:
        return 8;
    case PageId::screen:
    case PageId::done:
        return 9;
    }
    return 0;
}

namespace {

const char* about(PageId id) {
    switch (id) {
    case PageId::welcome:
        return "The wizard leads from the old server's disk to a machine that runs inside this computer, in "
               "nine "
               "steps. The first seven only ask and look. At the end of the seventh you see a summary; the "
               "copy is "
               "made when you accept it.";
    case PageId::source:
        return "The wizard has to be able to read the server's disk. The fastest way: take the disk out and "
               "connect "
               "it to this computer. A failing disk is read gently: bad places are left for last and tried "
               "again.";
    case PageId::local_disks:
        return "Linux calls disks /dev/sda, /dev/sdb and so on. Go by model and size. Disks that this "
               "computer uses "
               "itself are shown and cannot be taken. Reading a disk needs the rights of the administrator: "
               "start "
               "the wizard with sudo.";
    case PageId::browse_source:
        return "Folders end with a /. Choose one to look into it. Understood are plain copies of a disk "
               "(.img, .raw, "
               ".dd), copies in pieces (.000), and disks of Virtual PC and Hyper-V (.vhd, .vhdx).";
    case PageId::type_source:
        return "In Linux a place begins with a / and its parts are separated by /. Large and small letters "
               "are "
               "different. If you made the copy with ddrescue, add what it wrote about bad places: "
               "server.img,map=server.map";
    case PageId::address:
        return "Start the old server from a Linux CD. For ssh:// its Linux has to let you log in as root "
               "with a key. "
               "For nbd:// type there: nbdkit --readonly file /dev/sda. The port may follow the name: "
               "nbd://NAME:10809";
    case PageId::disks:
        return "The first disk has to be the one that the server starts from. A mirrored server (two disks "
               "with the "
               "same on them) needs only one of them.";
    case PageId::examine:
        return "The disks are read: their parts, the files Windows starts with, its settings. Esc stops "
               "that.";
    case PageId::unreadable:
        return "Nothing was written. Most often a cable, the power of the disk, a wrong address or missing "
               "rights are "
               "the reason.";
    case PageId::found:
        return "Compare this with what you know of the server. If it is another one, press Esc and choose "
               "the right "
               "disk.";
    case PageId::assessment:
        return "NTFerry knows what stops an old Windows from starting on other parts, and looks for all of "
               "it. What "
               "it changes, it changes on a copy beside the exact copy, and it can take it back.";
    case PageId::media:
    case PageId::browse_media:
    case PageId::type_media:
        return "Some files are only on the Windows NT 4.0 CD, in its folder I386, others are in the service "
               "pack. Give "
               "the service pack that the server has; of other ones only files that fit are taken. A service "
               "pack "
               "that is one .exe file has to be unpacked first: on Windows with the option /x, on Linux "
               "with: "
               "cabextract FILE";
    case PageId::decision:
        return "NTFerry does not guess where a wrong guess could harm. If you are not sure, give the CD and "
               "the service "
               "pack first; most questions go away with them.";
    case PageId::network:
    case PageId::bridge:
        return "Begin without a network. When everything works and the old server is off, connect the new "
               "one: it is "
               "a line in the file machine.xml of its folder.";
    case PageId::memory:
    case PageId::other_memory:
        return "This memory is taken from this computer while the machine runs. An old Windows is content "
               "with 64 to "
               "256 MB. It can be changed later.";
    case PageId::target:
        return "Choose a place with enough room. Free space of the old disks is not copied, so the copy is "
               "smaller "
               "than the disks. The folder must not exist yet, or be empty.";
    case PageId::trial:
        return "The trial tells at once whether the machine starts, and what to do if not. It has no "
               "network, so "
               "that nobody sees two servers with one name.";
    case PageId::summary:
        return "Nothing has been written so far. Go through the lines; Enter on one of them leads to its "
               "question and "
               "back here.";
    case PageId::convert:
        return "You can leave it alone. If you work over a connection that may break, F10 stops safely, and "
               "the wizard "
               "goes on later from where it stopped.";
    case PageId::failed:
        return "The old disks are as they were. What was copied is kept and used when you try again.";
    case PageId::screen:
        return "This is what the machine shows on its screen. The picture is also kept as a file in its "
               "folder. A text "
               "screen is shown as text, a picture coarsely.";
    case PageId::done:
        return "The machine is started with a command. Type the lines as they stand here. In the folder, "
               "report.html "
               "tells everything that was found and done, for your files.";
    }
    return "";
}

} // namespace

std::vector<Text> help_of(PageId id) {
    return {{about(id)},
            {},
            {"Keys", Tone::note},
            {"  Up, Down      choose a line, or move the text", Tone::plain, 16},
            {"  Enter         take the chosen line, go on", Tone::plain, 16},
            {"  Esc           go back one step", Tone::plain, 16},
            {"  PgUp, PgDn    move a long text", Tone::plain, 16},
            {"  F1 or ?       this help", Tone::plain, 16},
            {"  F10, Ctrl-C   leave; your answers can be kept", Tone::plain, 16}};
}

} // namespace ntferry::wizard
