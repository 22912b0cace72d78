// Fleet: many servers to convert, the content of FLEET.xml or FLEET.csv.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ntferry::batch {

/// What runs at the same time.
struct Limits {
    unsigned jobs = 2;    ///< all jobs: CPU
    unsigned disk = 2;    ///< jobs that read a disk or image of this host
    unsigned network = 4; ///< jobs that read over ssh or NBD
};

/// What a server says itself or takes from <defaults>.
struct Settings {
    std::string profile;                        ///< empty: the default of `ntferry convert`
    std::vector<std::string> drivers;           ///< folders and ISO images
    unsigned retries = 1;                       ///< further attempts after a failure
    unsigned retry_delay = 30;                  ///< seconds before the first; doubles
    std::map<std::string, std::string> options; ///< further options of `ntferry convert`, without "--"
};

struct Server {
    std::string name;                 ///< also the folder of the bundle
    std::vector<std::string> sources; ///< disks in order
    std::vector<std::string> after;   ///< names that must be converted first
    Settings settings;

    /// Whether a source is read over the network.
    bool remote() const;
};

struct Fleet {
    std::string output; ///< folder of the bundles; empty: the command line says
    Limits limits;
    std::vector<Server> servers;

    /// Position by name. @throws Error when there is none
    std::size_t index_of(const std::string& name) const;
};

constexpr std::size_t MAX_SERVERS = 10'000;

/// Reads XML (migrate/batch/fleet.xsd) or CSV, told apart by the first character.
/// @throws Error naming file, line and what is allowed
Fleet load_fleet(const std::string& path);
Fleet parse_fleet_xml(const std::string& xml, const std::string& name);
/// Columns by name in the first line: name, source, after, profile, drivers, retries; any other column is an
/// option of `ntferry convert`. Several sources, names or drivers are separated by spaces.
Fleet parse_fleet_csv(const std::string& csv, const std::string& name);
/// The XML of a fleet: what a CSV file becomes.
std::string fleet_xml(const Fleet& fleet);
/// The same as JSON, for `ntferry batch --check --json`.
std::string fleet_json(const Fleet& fleet);

/// Names unique and usable as file names, dependencies known and without circles. @throws Error
void validate(const Fleet& fleet, const std::string& name);

} // namespace ntferry::batch
