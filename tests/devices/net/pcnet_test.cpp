// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/devices/net/nic_bench.hpp"
#include "vmm/devices/net/pcnet.hpp"

#include <catch2/catch.hpp>

#include <tuple>

using namespace ntferry;
using namespace ntferry::vmm;
using ntferry::test::make_frame;

namespace {

constexpr net::MacAddress station{0x00, 0x60, 0xB0, 0x12, 0x34, 0x56};
constexpr net::MacAddress broadcast{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
constexpr net::MacAddress other{0x00, 0x11, 0x22, 0x33, 0x44, 0x55};

constexpr std::uint32_t init_block = 0x1000;
constexpr std::uint32_t rx_ring = 0x2000;
constexpr std::uint32_t tx_ring = 0x3000;
constexpr std::uint32_t rx_buffers = 0x10000;
constexpr std::uint32_t tx_buffers = 0x20000;
constexpr unsigned ring_log2 = 2;

/// A driver's view of the chip in any software style, by 16-bit I/O.
struct Card : test::NicBench {
    net::Pcnet nic{{"net0", station}, ports, mmio, memory, clock, irq, net};
    unsigned style = 0;

    Card() { enable(nic); }
    std::uint16_t csr(std::uint16_t index) {
        out(0x12, 2, index);
        return static_cast<std::uint16_t>(in(0x10, 2));
    }
    void csr(std::uint16_t index, std::uint16_t value) {
        out(0x12, 2, index);
        out(0x10, 2, value);
    }
    std::uint16_t bcr(std::uint16_t index) {
        out(0x12, 2, index);
        return static_cast<std::uint16_t>(in(0x16, 2));
    }
    void bcr(std::uint16_t index, std::uint16_t value) {
        out(0x12, 2, index);
        out(0x16, 2, value);
    }
    std::uint32_t step() const { return style == 0 ? 8 : 16; }

    /// Descriptor with its buffer: address, status (OWN...), two's complement length.
    void descriptor(std::uint32_t ring, unsigned index, std::uint32_t buffer, std::uint16_t status,
                    unsigned length) {
        const std::uint32_t at = ring + index * step();
        const auto count = static_cast<std::uint16_t>(0xF000U | (4096U - length));
        if (style == 0) {
            memory.write16(at, static_cast<std::uint16_t>(buffer));
            memory.write16(at + 2, static_cast<std::uint16_t>(buffer >> 16U | status));
            memory.write16(at + 4, count);
            memory.write16(at + 6, 0);
        } else {
            memory.write32(at + (style == 3 ? 8 : 0), buffer);
            memory.write32(at + 4, static_cast<std::uint32_t>(status) << 16U | count);
            memory.write32(at + (style == 3 ? 0 : 8), 0);
        }
    }
    std::uint16_t status(std::uint32_t ring, unsigned index) {
        const std::uint32_t at = ring + index * step();
        return style == 0 ? static_cast<std::uint16_t>(memory.read16(at + 2) & 0xFF00U)
                          : memory.read16(at + 6);
    }
    std::uint16_t message_length(unsigned index) {
        const std::uint32_t at = rx_ring + index * step();
        return memory.read16(at + (style == 0 ? 6 : style == 3 ? 0 : 8));
    }
    void transmit_descriptor(unsigned index, const Bytes& data, std::uint16_t flags) {
        const std::uint32_t buffer = tx_buffers + index * 0x800;
        memory.write(buffer, data);
        descriptor(tx_ring, index, buffer, flags, static_cast<unsigned>(data.size()));
    }

    void start(unsigned software_style, std::uint16_t mode = 0, unsigned buffer_size = 1544) {
        style = software_style;
        bcr(20, static_cast<std::uint16_t>(style));
        if (style == 0) {
            memory.write16(init_block, mode);
            memory.write(init_block + 2, station);
            memory.write(init_block + 8, Bytes(8));
            memory.write32(init_block + 16, ring_log2 << 29U | rx_ring);
            memory.write32(init_block + 20, ring_log2 << 29U | tx_ring);
        } else {
            memory.write32(init_block, ring_log2 << 28U | ring_log2 << 20U | mode);
            memory.write(init_block + 4, station);
            memory.write(init_block + 12, Bytes(8));
            memory.write32(init_block + 20, rx_ring);
            memory.write32(init_block + 24, tx_ring);
        }
        for (unsigned i = 0; i < 1U << ring_log2; ++i) {
            descriptor(rx_ring, i, rx_buffers + i * 0x800, 0x8000, buffer_size);
            descriptor(tx_ring, i, 0, 0, 1);
        }
        csr(1, init_block);
        csr(2, 0);
        csr(0, 0x0001);
        REQUIRE((csr(0) & 0x0101) == 0x0101); // INIT, IDON
        csr(0, 0x0142);                       // clear IDON, IENA, STRT
    }
};

} // namespace

TEST_CASE("pcnet: configuration space and chip identification are the Am79C970A's") {
    Card card;
    CHECK(card.nic.config_read(0, 4) == 0x20001022);
    CHECK(card.nic.config_read(8, 4) == 0x02000016);
    card.nic.config_write(0x10, 4, 0xFFFFFFFF);
    CHECK(card.nic.config_read(0x10, 4) == 0xFFFFFFE1);
    card.nic.config_write(0x14, 4, 0xFFFFFFFF);
    CHECK(card.nic.config_read(0x14, 4) == 0xFFFFFFE0);
    card.enable(card.nic);
    CHECK(card.csr(88) == 0x1003);
    CHECK((card.csr(89) & 0x0FFF) == 0x0262);
}

TEST_CASE("pcnet: reset values") {
    Card card;
    const auto [index, value] = GENERATE(table<int, int>(
        {{0, 0x0004}, {3, 0}, {4, 0x0115}, {5, 0}, {15, 0}, {58, 0x0200}, {80, 0x1410}, {112, 0}, {124, 0}}));
    CHECK(card.csr(static_cast<std::uint16_t>(index)) == value);
    CHECK(card.bcr(18) == 0x2101);
    CHECK(card.bcr(20) == 0x0200);
    CHECK(card.bcr(4) == 0x80C0); // link LED lit
}

TEST_CASE("pcnet: the address PROM carries address, checksum and signature") {
    Card card;
    for (std::uint16_t i = 0; i < 6; ++i)
        CHECK(card.in(i, 1) == station[i]);
    CHECK(card.in(14, 2) == 0x5757);
    unsigned sum = 2 * 'W';
    for (std::uint16_t i = 0; i < 12; ++i)
        sum += card.in(i, 1);
    CHECK(card.in(12, 2) == sum);
}

TEST_CASE("pcnet: a dword write to RDP switches to 32-bit I/O and S_RESET does not switch back") {
    Card card;
    card.out(0x10, 4, 0);
    card.out(0x14, 4, 18); // RAP
    CHECK((card.in(0x1C, 4) & 0x80) != 0);
    card.out(0x14, 4, 88);
    CHECK(card.in(0x10, 4) == 0x1003);
    card.in(0x18, 4); // S_RESET
    card.out(0x14, 4, 18);
    CHECK((card.in(0x1C, 4) & 0x80) != 0);
}

TEST_CASE("pcnet: the memory BAR shows the same registers") {
    Card card;
    card.mmio.write(card.mmio_base + 0x12, 2, 88);
    CHECK(card.mmio.read(card.mmio_base + 0x10, 2) == 0x1003);
}

TEST_CASE("pcnet: transmits in every software style and interrupts until acknowledged") {
    Card card;
    card.start(GENERATE(0U, 1U, 2U, 3U));
    const Bytes frame = make_frame(other, 100);
    card.transmit_descriptor(0, frame, 0x8300); // OWN STP ENP
    card.csr(0, 0x0048);                        // TDMD
    REQUIRE(card.net.sent == std::vector<Bytes>{frame});
    CHECK((card.status(tx_ring, 0) & 0xC000) == 0); // given back, no error
    CHECK(card.irq.level);
    CHECK((card.csr(0) & 0x0280) == 0x0280); // TINT, INTR
    card.csr(0, 0x0240);
    CHECK_FALSE(card.irq.level);
}

TEST_CASE("pcnet: a frame in several buffers leaves as one") {
    Card card;
    card.start(2);
    const Bytes frame = make_frame(other, 300);
    card.transmit_descriptor(0, Bytes(frame.begin(), frame.begin() + 14), 0x8200);
    card.transmit_descriptor(1, Bytes(frame.begin() + 14, frame.begin() + 200), 0x8000);
    card.transmit_descriptor(2, Bytes(frame.begin() + 200, frame.end()), 0x8100);
    card.csr(0, 0x0048);
    REQUIRE(card.net.sent == std::vector<Bytes>{frame});
    CHECK((card.status(tx_ring, 2) & 0x8000) == 0);
}

TEST_CASE("pcnet: a chain that ends without ENP is a buffer error and stops the transmitter") {
    Card card;
    card.start(2);
    card.transmit_descriptor(0, make_frame(other, 100), 0x8200);
    card.csr(0, 0x0048);
    CHECK(card.net.sent.empty());
    CHECK((card.csr(0) & 0x0010) == 0);                                       // TXON
    CHECK((card.memory.read32(tx_ring + 16 + 8) & 0xC0000000) == 0xC0000000); // BUFF, UFLO
}

TEST_CASE("pcnet: short frames are padded only when APAD_XMT asks for it") {
    Card card;
    card.start(2);
    const bool pad = GENERATE(false, true);
    card.csr(4, static_cast<std::uint16_t>(pad ? 0x0915 : 0x0115));
    card.transmit_descriptor(0, make_frame(other, 20), 0x8300);
    card.csr(0, 0x0048);
    REQUIRE(card.net.sent.size() == 1);
    CHECK(card.net.sent[0].size() == (pad ? 60U : 20U));
}

TEST_CASE("pcnet: a descriptor without TDMD is found by polling, unless polling is off") {
    Card card;
    card.start(2);
    const bool polling = GENERATE(true, false);
    if (!polling)
        card.csr(4, 0x1115); // DPOLL
    card.clock.advance(nanoseconds_per_second);
    card.transmit_descriptor(0, make_frame(other, 60), 0x8300);
    card.clock.advance(nanoseconds_per_second);
    CHECK(card.net.sent.size() == (polling ? 1U : 0U));
}

TEST_CASE("pcnet: receives with FCS, message length and match bit in every software style") {
    Card card;
    card.start(GENERATE(0U, 1U, 2U, 3U));
    const Bytes frame = make_frame(station, 100);
    card.net.deliver(frame);
    CHECK(card.irq.level);
    CHECK(card.message_length(0) == 104);
    CHECK((card.status(rx_ring, 0) & 0xFF00) == 0x0300); // STP ENP, ours again
    if (card.style != 0)
        CHECK((card.status(rx_ring, 0) & 0x70) == 0x40); // PAM
    CHECK(card.bytes_at(rx_buffers, 100) == frame);
    // The register after a frame and its FCS is the constant of 802.3 3.2.8.
    CHECK(net::crc32_register(card.bytes_at(rx_buffers, 104)) == 0xDEBB20E3);
}

TEST_CASE("pcnet: a frame larger than a buffer is chained over several") {
    Card card;
    card.start(2, 0, 128);
    const Bytes frame = make_frame(station, 300);
    card.net.deliver(frame);
    CHECK(card.status(rx_ring, 0) == 0x0200);
    CHECK(card.status(rx_ring, 1) == 0x0000);
    CHECK((card.status(rx_ring, 2) & 0xFF00) == 0x0100);
    CHECK(card.message_length(2) == 304);
    CHECK(card.bytes_at(rx_buffers + 0x800, 128) == Bytes(frame.begin() + 128, frame.begin() + 256));
}

TEST_CASE("pcnet: addresses are filtered as the mode says") {
    Card card;
    // Destination, mode, logical address filter word 0..3 all ones?, accepted
    using Row = std::tuple<net::MacAddress, int, bool, bool>;
    const net::MacAddress multicast{0x01, 0x00, 0x5E, 0x00, 0x00, 0x01};
    const auto [to, mode, filter, accepted] = GENERATE_COPY(values<Row>({
        {station, 0, false, true},
        {other, 0, false, false},
        {other, 0x8000, false, true},
        {broadcast, 0, false, true},
        {broadcast, 0x4000, false, false},
        {station, 0x2000, false, false},
        {multicast, 0, false, false},
        {multicast, 0, true, true},
    }));
    card.start(2, static_cast<std::uint16_t>(mode));
    if (filter) {
        card.csr(5, 1); // SPND: the filter can be written
        for (std::uint16_t i = 8; i < 12; ++i)
            card.csr(i, 0xFFFF);
        card.csr(5, 0);
    }
    card.net.deliver(make_frame(to, 60));
    CHECK((card.status(rx_ring, 0) & 0x8000) == (accepted ? 0 : 0x8000));
}

TEST_CASE("pcnet: the logical address filter hashes as a LANCE does") {
    Card card;
    card.start(2);
    // 01-00-5E-00-00-01: CRC register bits 31-26 give 56, bit 8 of CSR11 (Linux programs the same bit for
    // 224.0.0.1).
    const net::MacAddress all_hosts{0x01, 0x00, 0x5E, 0x00, 0x00, 0x01};
    card.csr(5, 1);
    card.csr(11, 1U << 6U);
    card.csr(5, 0);
    card.net.deliver(make_frame(all_hosts, 60));
    CHECK((card.status(rx_ring, 0) & 0x8020) == 0x0020); // LAFM
}

TEST_CASE("pcnet: without a free descriptor the network waits, then the frame is missed") {
    Card card;
    card.start(2);
    for (unsigned i = 0; i < 4; ++i)
        card.net.deliver(make_frame(station, 60));
    card.net.deliver(make_frame(station, 61));
    CHECK(card.net.queue.size() == 1);
    SECTION("a descriptor given back in time takes it") {
        card.descriptor(rx_ring, 0, rx_buffers, 0x8000, 1544);
        card.clock.advance(2'000'000);
        CHECK(card.net.queue.empty());
        CHECK(card.message_length(0) == 65);
        CHECK((card.csr(0) & 0x1000) == 0);
    }
    SECTION("one given back soon takes it soon") { // nothing tells the chip
        card.descriptor(rx_ring, 0, rx_buffers, 0x8000, 1544);
        card.clock.advance(100'000);
        CHECK(card.net.queue.empty());
    }
    SECTION("a driver that never does gets MISS and a count") {
        card.clock.advance(nanoseconds_per_second);
        CHECK(card.net.queue.empty());
        CHECK((card.csr(0) & 0x9000) == 0x9000); // ERR, MISS
        CHECK(card.csr(112) == 1);
    }
}

TEST_CASE("pcnet: loopback brings the own frame back and sends nothing") {
    Card card;
    card.start(2, 0x0044); // LOOP, INTL
    const Bytes frame = make_frame(station, 64);
    card.transmit_descriptor(0, frame, 0x8300);
    card.csr(0, 0x0048);
    CHECK(card.net.sent.empty());
    CHECK(card.bytes_at(rx_buffers, 64) == frame);
    CHECK((card.csr(0) & 0x0600) == 0x0600); // RINT, TINT
}

TEST_CASE("pcnet: automatic stripping removes pad and FCS of 802.3 frames only") {
    Card card;
    card.start(2);
    card.csr(4, 0x0515);
    Bytes frame = make_frame(station, 60);
    frame[12] = 0;
    frame[13] = 10;
    card.net.deliver(frame);
    CHECK(card.message_length(0) == 24);
    card.net.deliver(make_frame(station, 60));
    CHECK(card.message_length(1) == 64);
}

TEST_CASE("pcnet: a pulled cable shows in BCR4 and fails transmissions with LCAR") {
    Card card;
    card.start(2);
    card.net.link = false;
    card.nic.link_changed();
    CHECK(card.bcr(4) == 0x00C0);
    card.transmit_descriptor(0, make_frame(other, 60), 0x8300);
    card.csr(0, 0x0048);
    CHECK(card.net.sent.empty());
    CHECK((card.status(tx_ring, 0) & 0x4000) != 0);
    CHECK((card.memory.read32(tx_ring + 8) & 0x08000000) != 0);
}

TEST_CASE("pcnet: STOP clears the status and silences the line") {
    Card card;
    card.start(2);
    card.net.deliver(make_frame(station, 60));
    REQUIRE(card.irq.level);
    card.csr(0, 0x0004);
    CHECK(card.csr(0) == 0x0004);
    CHECK_FALSE(card.irq.level);
    card.net.deliver(make_frame(station, 60)); // falls on the floor
    CHECK((card.status(rx_ring, 1) & 0x8000) != 0);
}

TEST_CASE("pcnet: masks of CSR3 and requests of CSR4 and CSR5") {
    Card card;
    card.start(2);
    card.csr(3, 0x0400); // RINTM
    card.net.deliver(make_frame(station, 60));
    CHECK_FALSE(card.irq.level);
    card.csr(3, 0);
    CHECK(card.irq.level);
    card.csr(0, 0x0440);
    REQUIRE_FALSE(card.irq.level);
    card.csr(4, 0x0195); // UINTCMD
    CHECK(card.irq.level);
    card.csr(4, 0x0155); // UINT is cleared by writing one
    CHECK_FALSE(card.irq.level);
}

TEST_CASE("pcnet: the state of a working card survives save and load") {
    Card card;
    card.start(3);
    card.net.deliver(make_frame(station, 60));
    StateWriter writer;
    card.nic.save(writer);

    test::NicBench bench;
    bench.ram = card.ram;
    bench.memory = GuestMemory();
    bench.memory.add_region(0, bench.ram);
    net::Pcnet copy({"net0", {}}, bench.ports, bench.mmio, bench.memory, bench.clock, bench.irq, bench.net);
    StateReader reader(writer.bytes());
    copy.load(reader);
    CHECK(reader.at_end());
    CHECK(bench.irq.level);
    bench.net.deliver(make_frame(station, 80));
    CHECK(bench.memory.read16(rx_ring + 16) == 84);
    StateWriter again;
    card.nic.save(again);
    CHECK(again.bytes() == writer.bytes());
}

TEST_CASE("pcnet: a BAR put over another device's ports answers nowhere and hurts nobody") {
    Card card;
    struct Victim : PortDevice {
        std::uint32_t port_read(std::uint16_t, unsigned) override { return 0x42; }
        void port_write(std::uint16_t, unsigned, std::uint32_t) override {}
    } victim;
    card.ports.claim(0x1F0, 8, victim, "ide0");
    card.nic.config_write(0x10, 4, 0x1E0);
    CHECK(card.ports.read(0x1F0, 1) == 0x42);
    CHECK(card.ports.read(0x1E0, 1) == 0xFF);
}
