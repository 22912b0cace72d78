// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/net/nic_bench.hpp"
#include "vmm/devices/net/dec21140.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <utility>
#include <vector>

using namespace ntferry;
using namespace ntferry::vmm;
using ntferry::test::make_frame;

namespace {

constexpr net::MacAddress station{0x00, 0x00, 0xF8, 0x12, 0x34, 0x56};
constexpr net::MacAddress broadcast{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
constexpr net::MacAddress other{0x00, 0x11, 0x22, 0x33, 0x44, 0x55};
constexpr net::MacAddress multicast{0x01, 0x00, 0x5E, 0x00, 0x00, 0x01};

constexpr std::uint32_t rx_ring = 0x2000;
constexpr std::uint32_t tx_ring = 0x3000;
constexpr std::uint32_t setup_buffer = 0x4000;
constexpr std::uint32_t rx_buffers = 0x10000;
constexpr std::uint32_t tx_buffers = 0x20000;
constexpr unsigned ring_size = 4;

constexpr std::uint32_t own = 0x80000000;
constexpr std::uint32_t interrupt = 0x80000000;
constexpr std::uint32_t last = 0x40000000;
constexpr std::uint32_t first = 0x20000000;
constexpr std::uint32_t setup = 0x08000000;
constexpr std::uint32_t end_of_ring = 0x02000000;
constexpr std::uint32_t hash_filter = 0x00400000; // FT0

struct Card : test::NicBench {
    net::Dec21140 nic;
    unsigned tx = 0; ///< next descriptor the driver fills

    explicit Card(WriteCollector* collector = nullptr)
        : nic({"net0", station, collector}, ports, mmio, memory, clock, irq, net) {
        enable(nic);
    }
    std::uint32_t csr(unsigned index) { return in(static_cast<std::uint16_t>(index * 8), 4); }
    void csr(unsigned index, std::uint32_t value) { out(static_cast<std::uint16_t>(index * 8), 4, value); }

    void transmit(std::uint32_t buffer, std::uint32_t control, std::uint32_t second = 0) {
        const std::uint32_t at = tx_ring + tx * 16;
        memory.write32(at + 8, buffer);
        memory.write32(at + 12, second);
        memory.write32(at + 4, control | (tx + 1 == ring_size ? end_of_ring : 0));
        memory.write32(at, own);
        tx = (tx + 1) % ring_size;
        csr(1, 1);
    }
    /// A perfect filter of station and broadcast, or a hash filter with one bit, then both processes started.
    void start(std::uint32_t mode = 0, std::uint32_t setup_type = 0) {
        for (unsigned i = 0; i < ring_size; ++i) {
            memory.write32(rx_ring + i * 16 + 4, 1536 | (i + 1 == ring_size ? end_of_ring : 0));
            memory.write32(rx_ring + i * 16 + 8, rx_buffers + i * 0x800);
            memory.write32(rx_ring + i * 16, own);
        }
        csr(3, rx_ring);
        csr(4, tx_ring);
        csr(7, 0x0001FFFF);
        csr(6, 0x2000); // ST: the setup frame goes first
        for (unsigned slot = 0; slot < 16; ++slot)
            for (unsigned i = 0; i < 3; ++i) {
                const auto& address = slot == 0 ? station : broadcast;
                memory.write32(setup_buffer + (slot * 3 + i) * 4, load_le<std::uint16_t>(address, i * 2U));
            }
        transmit(setup_buffer, setup | interrupt | setup_type | 192);
        csr(6, 0x2002 | mode);
        csr(5, 0xFFFFFFFF);
    }
    std::uint32_t rx_status(unsigned index) { return memory.read32(rx_ring + index * 16); }
};

constexpr std::uint32_t srom_on = 0x4801; // read, serial ROM, chip select

/// What drivers do: five command bits more than the address has, then 16 data bits, DO read after each rising
/// clock.
std::uint16_t read_srom(Card& card, unsigned location) {
    card.csr(9, 0x4800);
    card.csr(9, srom_on);
    const std::uint32_t command = 6U << 6U | location; // start and READ
    std::uint32_t value = 0;
    for (int bit = 10; bit >= 0; --bit) {
        const std::uint32_t data = (command >> static_cast<unsigned>(bit) & 1U) != 0 ? 4U : 0U;
        card.csr(9, srom_on | data);
        card.csr(9, srom_on | data | 2U);
    }
    for (int bit = 0; bit < 16; ++bit) {
        card.csr(9, srom_on);
        card.csr(9, srom_on | 2U);
        value = value << 1U | ((card.csr(9) & 8U) != 0 ? 1U : 0U);
    }
    card.csr(9, 0x4800);
    return static_cast<std::uint16_t>(value);
}

/// A management read as clause 22.2.4.5 draws it; the data is sampled before each rising edge.
std::uint16_t read_phy(Card& card, unsigned phy, unsigned reg) {
    const auto clock_bit = [&](std::uint32_t pins) {
        card.csr(9, pins);
        card.csr(9, pins | 0x10000U);
    };
    for (int i = 0; i < 32; ++i)
        clock_bit(0x20000);
    const std::uint32_t command = 0x6U << 10U | phy << 5U | reg;
    for (int bit = 13; bit >= 0; --bit)
        clock_bit((command >> static_cast<unsigned>(bit) & 1U) != 0 ? 0x20000U : 0U);
    std::uint32_t value = 0;
    for (int i = 0; i < 18; ++i) {
        card.csr(9, 0x40000);
        value = value << 1U | ((card.csr(9) & 0x80000U) != 0 ? 1U : 0U);
        card.csr(9, 0x50000);
    }
    return static_cast<std::uint16_t>(value);
}

} // namespace

TEST_CASE("dec21140: configuration space is that of the adapter Virtual Server had") {
    Card card;
    CHECK(card.nic.config_read(0, 4) == 0x00091011);
    CHECK(card.nic.config_read(8, 4) == 0x02000020);
    CHECK(card.nic.config_read(0x2C, 4) == 0x21140A00);
    card.nic.config_write(0x10, 4, 0xFFFFFFFF);
    CHECK(card.nic.config_read(0x10, 4) == 0xFFFFFF81);
}

TEST_CASE("dec21140: reset values of the CSRs") {
    Card card;
    CHECK(card.csr(0) == 0xFE000000);
    CHECK(card.csr(5) == 0xFC000000);
    CHECK(card.csr(6) == 0x32000040);
    CHECK(card.csr(7) == 0xFFFE0000);
    CHECK(card.csr(8) == 0xFFFE0000);
    card.start();
    card.csr(0, 1); // SWR
    CHECK(card.csr(6) == 0x32000040);
    CHECK((card.nic.config_read(4, 2) & 7) == 7); // configuration survives
}

TEST_CASE("dec21140: the serial ROM is read bit by bit and its checksums are right") {
    Card card;
    Bytes rom;
    for (unsigned word = 0; word < 64; ++word) {
        const std::uint16_t value = read_srom(card, word);
        rom.push_back(static_cast<std::uint8_t>(value));
        rom.push_back(static_cast<std::uint8_t>(value >> 8U));
    }
    CHECK(Bytes(rom.begin() + 20, rom.begin() + 26) == Bytes(station.begin(), station.end()));
    const std::uint32_t crc = ~net::crc32_register(ByteView(rom).first(126));
    CHECK(load_le<std::uint16_t>(rom, 126) == (crc & 0xFFFFU));
    const auto leaf = load_le<std::uint16_t>(rom, 27);
    CHECK(load_le<std::uint16_t>(rom, leaf) == 0x0800);
    const std::size_t block = leaf + 4U;
    CHECK(rom[block] == (0x80 | 12));
    CHECK(rom[block + 1] == 1); // MII
}

TEST_CASE("dec21140: a driver that probes the width of the serial ROM finds six address bits") {
    Card card;
    // Thirteen clocks of zeros, start, READ and ones: a 93C46 drives its dummy zero after the sixth address
    // bit.
    card.csr(9, 0x4800);
    card.csr(9, srom_on);
    const std::uint32_t command = 6U << 8U | 0xFFU;
    std::uint32_t seen = 0;
    for (int bit = 12; bit >= 0; --bit) {
        const std::uint32_t data = (command >> static_cast<unsigned>(bit) & 1U) != 0 ? 4U : 0U;
        card.csr(9, srom_on | data);
        card.csr(9, srom_on | data | 2U);
        seen = seen << 1U | ((card.csr(9) & 8U) != 0 ? 1U : 0U);
    }
    CHECK((seen & 4U) == 0);
    CHECK((seen >> 3U) == 0x3FF);
}

TEST_CASE("dec21140: the PHY at address 1 reports an established 100 Mb/s link, other addresses are empty") {
    Card card;
    CHECK(read_phy(card, 1, 1) == 0x782D);
    CHECK(read_phy(card, 1, 2) == 0x2000);
    CHECK(read_phy(card, 1, 4) == 0x01E1);
    CHECK(read_phy(card, 2, 1) == 0xFFFF);
    card.net.link = false;
    card.nic.link_changed();
    CHECK((read_phy(card, 1, 1) & 0x0004) == 0);
}

TEST_CASE("dec21140: transmits from both buffers of a descriptor, at their largest too") {
    Card card;
    card.start();
    const unsigned second = GENERATE(0U, 100U, 754U);
    const Bytes frame = make_frame(other, 760 + second);
    card.memory.write(tx_buffers, Bytes(frame.begin(), frame.begin() + 760));
    card.memory.write(tx_buffers + 0x800, Bytes(frame.begin() + 760, frame.end()));
    card.transmit(tx_buffers, first | last | interrupt | second << 11U | 760, tx_buffers + 0x800);
    REQUIRE(card.net.sent == std::vector<Bytes>{frame});
    CHECK((card.csr(5) & 0x00010001) == 0x00010001); // NIS, TI
    CHECK(card.irq.level);
    card.csr(5, 0xFFFFFFFF);
    CHECK_FALSE(card.irq.level);
}

TEST_CASE("dec21140: both buffers at 2047 bytes are refused without overrunning anything") {
    Card card;
    card.start();
    for (unsigned i = 0; i < 3; ++i)
        card.transmit(tx_buffers, (i == 0 ? first : 0U) | 2047U << 11U | 2047U, tx_buffers);
    card.transmit(tx_buffers, last | 2047U << 11U | 2047U, tx_buffers);
    CHECK(card.net.sent.empty());
    CHECK((card.memory.read32(tx_ring) & own) == 0);
}

TEST_CASE("dec21140: the transmit process suspends on a descriptor that is not its own and TU tells") {
    Card card;
    card.start();
    CHECK((card.csr(5) >> 20U & 7U) == 6);
    card.csr(1, 1);
    CHECK((card.csr(5) & 4U) != 0);
    card.csr(6, card.csr(6) & ~0x2000U);
    CHECK((card.csr(5) >> 20U & 7U) == 0);
    CHECK((card.csr(5) & 2U) != 0); // TPS
}

TEST_CASE("dec21140: receives with first, last and the length with FCS") {
    Card card;
    card.start();
    const Bytes frame = make_frame(station, 100);
    card.net.deliver(frame);
    CHECK(card.rx_status(0) == (104U << 16U | 0x320U));
    CHECK(card.bytes_at(rx_buffers, 100) == frame);
    CHECK(net::crc32_register(card.bytes_at(rx_buffers, 104)) == 0xDEBB20E3);
    CHECK(card.irq.level);
}

TEST_CASE("dec21140: descriptors may be chained and skipped over") {
    Card card;
    card.start();
    // The first descriptor chains to one far away, which takes the second frame.
    card.memory.write32(rx_ring + 4, 0x01000000 | 1536);
    card.memory.write32(rx_ring + 12, 0x5000);
    card.memory.write32(0x5000, own);
    card.memory.write32(0x5004, 1536);
    card.memory.write32(0x5008, 0x30000);
    card.net.deliver(make_frame(station, 60));
    card.net.deliver(make_frame(station, 61));
    CHECK(card.memory.read32(0x5000) >> 16U == 65);
}

TEST_CASE("dec21140: address filters") {
    Card card;
    const auto [to, mode, accepted] = GENERATE(table<net::MacAddress, std::uint32_t, bool>({
        {station, 0, true},
        {broadcast, 0, true},
        {other, 0, false},
        {multicast, 0, false},
        {multicast, 0x80, true}, // PM
        {other, 0x40, true},     // PR
    }));
    card.start(mode);
    card.net.deliver(make_frame(to, 60));
    CHECK((card.rx_status(0) & own) == (accepted ? 0U : own));
}

TEST_CASE("dec21140: hash filter with the bit drivers set for a group") {
    Card card;
    card.start(0, hash_filter);
    // CRC register of 224.0.0.1's address & 1FFh, as drivers compute it.
    const std::uint32_t hash = net::crc32_register(multicast) & 0x1FFU;
    for (std::uint32_t at = 0; at < 192; at += 4)
        card.memory.write32(setup_buffer + at, 0);
    card.memory.write32(setup_buffer + hash / 16 * 4, 1U << hash % 16);
    card.transmit(setup_buffer, setup | hash_filter | 192);
    card.net.deliver(make_frame(multicast, 60));
    CHECK((card.rx_status(0) & own) == 0);
    card.net.deliver(make_frame({0x01, 0, 0x5E, 0, 0, 2}, 60));
    CHECK((card.rx_status(1) & own) != 0);
}

TEST_CASE("dec21140: without a descriptor RU is raised, the frame waits, then is counted as missed") {
    Card card;
    card.start();
    for (unsigned i = 0; i < 4; ++i)
        card.net.deliver(make_frame(station, 60));
    card.net.deliver(make_frame(station, 70));
    CHECK((card.csr(5) & 0x80U) != 0);
    CHECK((card.csr(5) >> 17U & 7U) == 4);
    SECTION("a poll demand after giving one back takes it") {
        card.memory.write32(rx_ring, own);
        card.csr(2, 1);
        CHECK(card.rx_status(0) >> 16U == 74);
    }
    SECTION("or the frame is lost") {
        card.clock.advance(nanoseconds_per_second);
        CHECK((card.csr(8) & 0xFFFFU) == 1);
        CHECK((card.csr(8) & 0xFFFFU) == 0); // cleared by the read
    }
}

TEST_CASE("dec21140: the general-purpose timer interrupts, once or for ever") {
    Card card;
    card.csr(7, 0x0001FFFF);
    const bool continuous = GENERATE(false, true);
    card.csr(11, (continuous ? 0x10000U : 0U) | 10U);
    card.clock.advance(10 * 81'920);
    CHECK(card.irq.level);
    card.csr(5, 0xFFFFFFFF);
    card.clock.advance(10 * 81'920);
    CHECK(card.irq.level == continuous);
}

TEST_CASE("dec21140: state survives save and load") {
    Card card;
    card.start();
    card.net.deliver(make_frame(station, 60));
    StateWriter writer;
    card.nic.save(writer);
    test::NicBench bench;
    bench.ram = card.ram;
    bench.memory = GuestMemory();
    bench.memory.add_region(0, bench.ram);
    net::Dec21140 copy({"net0", {}}, bench.ports, bench.mmio, bench.memory, bench.clock, bench.irq,
                       bench.net);
    StateReader reader(writer.bytes());
    copy.load(reader);
    CHECK(reader.at_end());
    CHECK(bench.irq.level);
    bench.net.deliver(make_frame(station, 80));
    CHECK(bench.memory.read32(rx_ring + 16) >> 16U == 84);
}

namespace {

/// The host's ring: keeps what the test says the guest has written, and knows the ports.
struct Ring final : WriteCollector {
    std::vector<std::pair<std::uint16_t, unsigned>> ports;
    std::function<void()> under_way;
    void collect(std::uint16_t port, unsigned length) override { ports.emplace_back(port, length); }
    void release(std::uint16_t port, unsigned length) override { std::erase(ports, std::pair(port, length)); }
    void settle() override {
        if (const auto writes = std::exchange(under_way, nullptr))
            writes();
    }
};

} // namespace

TEST_CASE("21140A: acknowledgements that the host has collected come before the next frame") {
    Ring ring;
    Card card(&ring);
    card.start();
    REQUIRE(ring.ports.size() == 1);
    CHECK(ring.ports[0].second == 4);
    card.net.deliver(make_frame(station, 100));
    REQUIRE((card.csr(5) & 0x40U) != 0); // RI
    REQUIRE(card.irq.level);
    ring.under_way = [&] { card.csr(5, 0x10040); };
    card.net.deliver(make_frame(station, 100));
    CHECK(ring.under_way == nullptr);
    CHECK((card.csr(5) & 0x40U) != 0); // the second frame's own
    CHECK(card.irq.level);
    ring.under_way = [&] { card.csr(5, 0x10040); };
    card.csr(11, 1); // the general-purpose timer is nobody's write either
    card.clock.advance(1'000'000);
    CHECK(ring.under_way == nullptr);
    CHECK((card.csr(5) & 0x40U) == 0);
    CHECK((card.csr(5) & 0x800U) != 0);
    card.nic.reset();
    CHECK(ring.ports.empty());
}
