// SPDX-License-Identifier: GPL-3.0-or-later
#include "migrate/wizard/work.hpp"

#include "converter/base/text.hpp"
#include "migrate/report/conversion_document.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <mutex>

namespace ntferry::wizard {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::size_t most_notes = 200;

std::string medium_words(const patch::MediumInfo& info) {
    switch (info.kind) {
    case patch::MediumKind::setup_cd:
        return info.terminal_server ? "a Windows NT Terminal Server CD" : "a Windows NT CD";
    case patch::MediumKind::service_pack:
        return info.service_pack ? fmt::format("service pack {}", *info.service_pack) : "a service pack";
    case patch::MediumKind::installed:
    case patch::MediumKind::cache:
    case patch::MediumKind::other:
        break;
    }
    return "other files";
}

Examined examine(const Answers& answers) {
    Examined examined;
    const bundle::ConversionOptions options = conversion_options(answers);
    for (const patch::MediumPtr& medium : options.drivers.media())
        examined.media.push_back({medium->info().name, medium_words(medium->info())});
    SilentProgress silent;
    examined.result = bundle::preview(options, silent);
    return examined;
}

Converted convert(const Answers& answers, Progress& progress, const std::stop_token& stop,
                  const std::function<void(bundle::Step)>& on_step) {
    Converted converted;
    bundle::ConversionOptions options = conversion_options(answers);
    options.on_step = on_step;
    converted.result = bundle::convert(options, progress, stop);
    const fs::path folder(answers.bundle);
    if (!converted.result.begun)
        return converted;
    report::write_conversion(converted.result, answers.bundle);
    converted.report = (folder / "report.html").string();
    if (!converted.result.trial)
        return converted;
    const verify::TrialResult& trial = converted.result.trial->last();
    converted.screen.lines = trial.verdict.screen;
    if (trial.screenshot.empty())
        return converted;
    converted.screen_png = (folder / trial.screenshot).string();
    if (converted.screen.lines.empty()) {
        try {
            converted.screen.picture = read_png(converted.screen_png);
        } catch (const Error& error) {
            progress.note(error.what()); // the verdict stands without its picture
        }
    }
    return converted;
}

} // namespace

struct Examination::Mailbox {
    mutable std::mutex lock;
    std::optional<std::variant<Examined, Failure>> result;
    bool over = false;
};

Examination::Examination(const Answers& answers) : mailbox_(std::make_shared<Mailbox>()) {
    std::thread([mailbox = mailbox_, answers] {
        std::variant<Examined, Failure> result;
        try {
            result = examine(answers);
        } catch (const std::exception& error) {
            result = failure_of(error);
        }
        const std::lock_guard guard(mailbox->lock);
        mailbox->result = std::move(result);
        mailbox->over = true;
    }).detach();
}

std::optional<std::variant<Examined, Failure>> Examination::result() {
    const std::lock_guard guard(mailbox_->lock);
    return std::exchange(mailbox_->result, std::nullopt);
}

bool Examination::over() const {
    const std::lock_guard guard(mailbox_->lock);
    return mailbox_->over;
}

struct ConversionRun::Mailbox {
    mutable std::mutex lock;
    Advance advance;
    Steady::time_point phase_began = Steady::now();
    std::optional<std::variant<Converted, Failure>> result;
};

/// Progress of the conversion, into the mailbox.
class ConversionRun::Listener final : public Progress {
  public:
    explicit Listener(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}
    void step(bundle::Step step) {
        const std::lock_guard guard(mailbox_->lock);
        mailbox_->advance.step = step;
        mailbox_->advance.done = mailbox_->advance.total = 0;
        mailbox_->phase_began = Steady::now();
    }
    void phase(std::string_view name, std::uint64_t total) override {
        const std::lock_guard guard(mailbox_->lock);
        mailbox_->advance.phase = name;
        mailbox_->advance.done = 0;
        mailbox_->advance.total = total;
        mailbox_->phase_began = Steady::now();
    }
    void update(const ProgressState& state) override {
        const std::lock_guard guard(mailbox_->lock);
        mailbox_->advance.done = state.done;
        mailbox_->advance.total = state.total;
        mailbox_->advance.errors = state.errors;
    }
    void note(std::string_view line) override {
        const std::lock_guard guard(mailbox_->lock);
        std::vector<std::string>& notes = mailbox_->advance.notes;
        if (notes.size() == most_notes)
            notes.erase(notes.begin());
        notes.push_back(text::printable(line, 400));
    }
    /// What follows may have no measure of its own, as the trial boot after its copies.
    void done() override { phase({}, 0); }

  private:
    std::shared_ptr<Mailbox> mailbox_;
};

ConversionRun::ConversionRun(const Answers& answers) : mailbox_(std::make_shared<Mailbox>()) {
    thread_ = std::jthread([mailbox = mailbox_, answers, stop = stop_.get_token()] {
        Listener listener(mailbox);
        std::variant<Converted, Failure> result;
        try {
            result = convert(answers, listener, stop, [&](bundle::Step step) { listener.step(step); });
        } catch (const std::exception& error) {
            result = failure_of(error);
        }
        const std::lock_guard guard(mailbox->lock);
        mailbox->result = std::move(result);
    });
}

ConversionRun::~ConversionRun() {
    stop_.request_stop();
}

Advance ConversionRun::advance() const {
    const std::lock_guard guard(mailbox_->lock);
    Advance copy = mailbox_->advance;
    copy.seconds = std::chrono::duration<double>(Steady::now() - mailbox_->phase_began).count();
    return copy;
}

void ConversionRun::stop() {
    stop_.request_stop();
}

std::optional<std::variant<Converted, Failure>> ConversionRun::result() {
    const std::lock_guard guard(mailbox_->lock);
    return std::exchange(mailbox_->result, std::nullopt);
}

} // namespace ntferry::wizard
