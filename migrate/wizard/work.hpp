// Work: examinations and the conversion, each in a thread of its own, reporting through a mailbox.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "migrate/wizard/answers.hpp"
#include "migrate/wizard/knowledge.hpp"

#include <memory>
#include <stop_token>
#include <thread>
#include <variant>

namespace ntferry::wizard {

/// Looks at the disks with preview(). Nobody can stop a read that hangs in a disk or a network: an
/// examination that is given up runs on by itself, reads only, and its result is dropped.
class Examination {
  public:
    explicit Examination(const Answers& answers);
    /// Once there is a result, that. Moves it out.
    std::optional<std::variant<Examined, Failure>> result();
    bool over() const;

  private:
    struct Mailbox;
    std::shared_ptr<Mailbox> mailbox_;
};

/// convert() of the conversion room, then the report. Its destructor stops it and waits.
class ConversionRun {
  public:
    explicit ConversionRun(const Answers& answers);
    ~ConversionRun();
    ConversionRun(const ConversionRun&) = delete;
    ConversionRun& operator=(const ConversionRun&) = delete;

    Advance advance() const;
    void stop();
    std::optional<std::variant<Converted, Failure>> result();

  private:
    class Listener;
    struct Mailbox;
    std::shared_ptr<Mailbox> mailbox_;
    std::stop_source stop_;
    std::jthread thread_;
};

/// Pixels of a PNG file up to 4096 x 4096. @throws Error
verify::Picture read_png(const std::string& path);

} // namespace ntferry::wizard
