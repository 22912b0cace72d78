# The agent's checks, one function each; sourced by init, which has ok, bad, argument, load and uptime_cs.
# SPDX-License-Identifier: GPL-3.0-or-later

disks() { ls /sys/block | grep '^[sh]d' | tr '\n' ' '; }

check_pci() {
    count=0
    for function in /sys/bus/pci/devices/*; do
        [ -e "$function/vendor" ] || continue
        echo "PCI $(basename "$function") $(cut -c3- "$function/vendor"):$(cut -c3- "$function/device")" \
            "class $(cut -c3- "$function/class") irq $(cat "$function/irq")"
        count=$((count + 1))
    done
    if [ $count -gt 0 ]; then ok pci "$count functions"; else bad pci "no PCI function found"; fi
}

check_memmap() {
    dmesg | sed -n 's/.*BIOS-\(e820\|88\|e801\): /E820 /p'
    usable=$(dmesg | grep -c 'BIOS-.*usable')
    total=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)
    if [ "$usable" -gt 0 ] && [ "${total:-0}" -gt 8192 ]; then
        ok memmap "$usable usable ranges, $total KiB for the kernel"
    else
        bad memmap "$usable usable ranges, ${total:-0} KiB"
    fi
}

check_cpuid() {
    if leaves=$(probe cpuid); then
        echo "$leaves"
        flags=$(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1)
        echo "CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1) flags $flags"
        case " $flags " in
        *' fpu '*) ok cpuid "$(echo "$leaves" | wc -l) leaves" ;;
        *) bad cpuid "no FPU" ;;
        esac
    else
        bad cpuid "$leaves"
    fi
}

# The transfer mode of every ATA device, as libata set it.
transfer_modes() {
    for device in /sys/class/ata_device/dev*; do
        [ "$(cat "$device/class")" = unknown ] || [ "$(cat "$device/class")" = none ] ||
            echo "$(basename "$device")=$(cat "$device/xfer_mode")"
    done | tr '\n' ' '
}

# read_disk CHECK DISK: reads it from its start and prints the checksum, for the host to compare.
read_disk() {
    sectors=$(cat "/sys/block/$2/size")
    mib=$((sectors / 2048))
    limit=$(argument readmib "$mib")
    [ "$limit" -lt "$mib" ] && sectors=$((limit * 2048))
    echo 3 >/proc/sys/vm/drop_caches
    # busybox dd: whole MiB first, the odd sectors after; one stream, one checksum
    begin=$(uptime_cs)
    sum=$({
        dd if="/dev/$2" bs=1M count=$((sectors / 2048)) 2>/dev/null
        dd if="/dev/$2" bs=512 skip=$((sectors / 2048 * 2048)) count=$((sectors % 2048)) 2>/dev/null
    } | md5sum | cut -d' ' -f1)
    took=$(($(uptime_cs) - begin + 1))
    errors=$(dmesg | grep -cE "(I/O error|critical medium error), dev $2[ ,]")
    modes=$(transfer_modes)
    if [ "$errors" -eq 0 ] && [ "$sectors" -gt 0 ]; then
        ok "$1" "$2 sectors=$sectors md5=$sum kib_per_s=$((sectors * 50 / took)) modes: $modes"
    else
        bad "$1" "$2 sectors=$sectors errors=$errors"
    fi
}

# Loads the ATA drivers anew, with or without DMA: libata's parameter counts only at load.
reload_ata() {
    for module in ata_piix ata_generic libata; do
        rmmod "$module" 2>/dev/null
    done
    dmesg -c >/dev/null
    load libata "dma=$1"
    load ata_piix
    load ata_generic
    sleep 3
}

check_ide_dma() {
    found=$(disks)
    [ -n "$found" ] || { bad ide_dma "no disk"; return; }
    for disk in $found; do
        read_disk ide_dma "$disk"
    done
}

check_ide_pio() {
    [ -e /sys/module/libata ] || { bad ide_pio "no libata"; return; }
    reload_ata 0
    found=$(disks)
    [ -n "$found" ] || bad ide_pio "no disk without DMA"
    for disk in $found; do
        read_disk ide_pio "$disk"
    done
    if transfer_modes | grep -q DMA; then
        bad ide_pio "a device still uses DMA"
    fi
    reload_ata 7
}

# Writes a pattern to the scratch range, reads it back past the cache, and puts the old content back.
check_write() {
    scratch=$(argument scratch '')
    [ -n "$scratch" ] || { bad write "no ntferry.scratch=DEV:START:COUNT given"; return; }
    disk=${scratch%%:*}
    start=$(echo "$scratch" | cut -d: -f2)
    count=$(echo "$scratch" | cut -d: -f3)
    size=$(cat "/sys/block/$disk/size" 2>/dev/null || echo 0)
    if [ "$((start + count))" -gt "$size" ] || [ "$count" -lt 1 ]; then
        bad write "sectors $start+$count are not on $disk"
        return
    fi
    dd if="/dev/$disk" of=/tmp/old bs=512 skip="$start" count="$count" 2>/dev/null
    dd if=/dev/urandom of=/tmp/new bs=512 count="$count" 2>/dev/null
    dd if=/tmp/new of="/dev/$disk" bs=512 seek="$start" conv=notrunc,fsync 2>/dev/null
    wrote=$?
    echo 3 >/proc/sys/vm/drop_caches
    dd if="/dev/$disk" bs=512 skip="$start" count="$count" 2>/dev/null | cmp -s - /tmp/new
    same=$?
    dd if=/tmp/old of="/dev/$disk" bs=512 seek="$start" conv=notrunc,fsync 2>/dev/null
    echo 3 >/proc/sys/vm/drop_caches
    dd if="/dev/$disk" bs=512 skip="$start" count="$count" 2>/dev/null | cmp -s - /tmp/old
    restored=$?
    rm -f /tmp/old /tmp/new
    if [ $wrote -eq 0 ] && [ $same -eq 0 ] && [ $restored -eq 0 ]; then
        ok write "$disk $start+$count written, read back, restored"
    else
        bad write "$disk $start+$count write=$wrote compare=$same restore=$restored"
    fi
}

# What INT 13h AH=08h said, as the kernel's real-mode start asked it. The legacy maxima are the last cylinder and head.
check_edd() {
    load edd
    if [ ! -e /sys/firmware/edd/int13_dev80/legacy_max_head ]; then
        bad edd "INT 13h reported no first hard disk"
        return
    fi
    for drive in /sys/firmware/edd/int13_dev*; do
        number() { printf %d "$(cat "$drive/$1" 2>/dev/null || echo 0)"; }
        chs=$(($(number legacy_max_cylinder) + 1))/$(($(number legacy_max_head) + 1))/$(number legacy_sectors_per_track)
        echo "EDD $(basename "$drive") chs=$chs sectors=$(number sectors)" \
            "signature=$(cat "$drive/mbr_signature" 2>/dev/null) version=$(cat "$drive/version")"
        case $drive in *dev80) first=$chs ;; esac
    done
    expected=$(argument chs "$first")
    if [ "$first" = "$expected" ]; then ok edd "chs=$first"; else bad edd "chs=$first, expected $expected"; fi
}

check_atapi() {
    if [ ! -e /sys/block/sr0 ]; then
        bad atapi "no CD-ROM drive"
        return
    fi
    dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null || { bad atapi "no readable disc"; return; }
    sectors=$(cat /sys/block/sr0/size)
    sum=$(dd if=/dev/sr0 bs=2048 count=$((sectors / 4)) 2>/dev/null | md5sum | cut -d' ' -f1)
    if dmesg | grep -q 'I/O error, dev sr0'; then
        bad atapi "read errors"
    else
        ok atapi "sectors=$sectors md5=$sum"
    fi
}

check_rtc() {
    # Without a time stamp counter it could calibrate (a busy host) the kernel's clock counts interrupts.
    source=$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)
    case $source in tsc* | kvm* | acpi_pm | hpet) ticks= ;; *) ticks=ticks ;; esac
    if detail=$(probe rtc 5 $ticks) && detail="$detail clocksource=$source"; then ok rtc "$detail"; else bad rtc "$detail"; fi
}

check_ps2() {
    names=$(sed -n 's/^N: Name="\(.*\)"/\1/p' /proc/bus/input/devices | tr '\n' ';')
    case $names in
    *keyboard*[Mm]ouse* | *[Mm]ouse*keyboard*) ok ps2 "$names" ;;
    *) bad ps2 "keyboard or mouse missing: $names" ;;
    esac
}

# Text memory B8000h: writes characters with attributes into the last row and reads them back.
check_vga() {
    at=$((0xB8000 + 24 * 160))
    printf 'N\037T\037F\037e\037r\037r\037y\037' >/tmp/cells
    dd if=/dev/mem of=/tmp/before bs=1 skip=$at count=14 2>/dev/null
    dd if=/tmp/cells of=/dev/mem bs=1 seek=$at conv=notrunc 2>/dev/null
    dd if=/dev/mem bs=1 skip=$at count=14 2>/dev/null | cmp -s - /tmp/cells
    same=$?
    dd if=/tmp/before of=/dev/mem bs=1 seek=$at conv=notrunc 2>/dev/null
    if [ $same -eq 0 ]; then ok vga "text memory holds what is written"; else bad vga "text memory differs"; fi
}

# CMOS byte 10h names the drives; without one the driver is not loaded (it would wait for a controller).
check_floppy() {
    printf '\020' | dd of=/dev/port bs=1 seek=112 conv=notrunc 2>/dev/null
    type=$(dd if=/dev/port bs=1 skip=113 count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    if [ "${type:-0}" -eq 0 ]; then
        ok floppy "none in CMOS"
        return
    fi
    load floppy
    sleep 1
    if sum=$(dd if=/dev/fd0 bs=18k 2>/dev/null | md5sum | cut -d' ' -f1) && [ "$(cat /sys/block/fd0/size)" -gt 0 ] &&
        ! dmesg | grep -q 'I/O error, dev fd0'; then
        ok floppy "cmos=$type sectors=$(cat /sys/block/fd0/size) md5=$sum"
    else
        bad floppy "cmos=$type but it cannot be read"
    fi
}

check_serial() {
    ports=$(sed -n 's/^\([0-9]*\): uart:\([^ ]*\) port:\([^ ]*\) irq:\([0-9]*\).*/ttyS\1 \2 \3 irq \4/p' /proc/tty/driver/serial |
        grep -v unknown | tr '\n' ';')
    case $ports in
    *ttyS0*) ok serial "$ports" ;;
    *) bad serial "no ttyS0 ($ports)" ;;
    esac
}

check_net() {
    cards=$(ls /sys/class/net | grep -v '^lo$')
    [ -n "$cards" ] || { bad net "no network card"; return; }
    for card in $cards; do
        driver=$(basename "$(readlink "/sys/class/net/$card/device/driver")")
        mac=$(cat "/sys/class/net/$card/address")
        ip link set "$card" up
        rm -f "/tmp/router.$card"
        if ! udhcpc -i "$card" -n -q -t 8 -T 2 -s /dhcp-script >/tmp/udhcpc 2>&1; then
            bad net "$card $driver $mac: no DHCP answer"
            ip link set "$card" down
            continue
        fi
        address=$(ip -4 addr show dev "$card" | sed -n 's/.*inet \([0-9.]*\).*/\1/p')
        gateway=$(cat "/tmp/router.$card" 2>/dev/null)
        if [ -n "$gateway" ] && received=$(ping -c 3 -W 3 -I "$card" "$gateway" 2>&1 | sed -n 's/.* \([0-9]*\) packets received.*/\1/p') &&
            [ "${received:-0}" -ge 2 ]; then
            ok net "$card $driver $mac $address gateway $gateway answered $received of 3"
        else
            bad net "$card $driver $mac $address: gateway ${gateway:-none} does not answer"
        fi
        # One card at a time; two in the same subnet would share a route.
        ip route del default 2>/dev/null
        ip addr flush dev "$card"
        ip link set "$card" down
    done
}

# first_card_up: DHCP on the first card, for throughput.
first_card_up() {
    card=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
    [ -n "$card" ] && ip link set "$card" up && udhcpc -i "$card" -n -q -t 8 -T 2 -s /dhcp-script >/dev/null 2>&1
}

# Whether the kernel still has something to send to PORT or its end is not acknowledged: a state other than FIN_WAIT2 and TIME_WAIT
# (include/net/tcp_states.h).
sending_to() { # PORT
    grep -E "$(printf '^ *[0-9]+: [0-9A-F:]+ [0-9A-F]+:%04X ' "$1")" /proc/net/tcp | grep -qvE ':[0-9A-F]{4} 0[56] '
}

check_tcp() {
    first_card_up || { bad tcp "no network"; return; }
    down=$(argument tcp '')
    up=$(argument tcpup '')
    [ -n "$down$up" ] || bad tcp "neither ntferry.tcp nor ntferry.tcpup given"
    if [ -n "$down" ]; then
        begin=$(uptime_cs)
        mkfifo /tmp/stream
        wc -c </tmp/stream >/tmp/bytes &
        sum=$(nc "${down%%:*}" "${down##*:}" 2>/dev/null | tee /tmp/stream | md5sum | cut -d' ' -f1)
        wait
        took=$(($(uptime_cs) - begin + 1))
        bytes=$(cat /tmp/bytes)
        rm -f /tmp/stream
        if [ "$bytes" -gt 0 ]; then
            ok tcp_down "$card bytes=$bytes md5=$sum kib_per_s=$((bytes / 1024 * 100 / took))"
        else
            bad tcp_down "$card nothing came from $down"
        fi
    fi
    if [ -n "$up" ]; then
        host=${up%%:*}
        mib=${up##*:}
        port=${up#*:}
        port=${port%:*}
        begin=$(uptime_cs)
        # dd writes to the socket itself: nc would send a packet for each kilobyte that it reads from a pipe.
        if nc "$host" "$port" -e dd if=/dev/zero bs=64k count=$((mib * 16)) 2>/dev/null; then
            while sending_to "$port"; do sleep 0.1; done
            took=$(($(uptime_cs) - begin + 1))
            ok tcp_up "$card mib=$mib kib_per_s=$((mib * 102400 / took))"
        else
            bad tcp_up "$card $up refused"
        fi
    fi
}

# Disk reads all over the disk and pings (or TCP) at once, for the given time; every round must give the same checksum.
check_stress() {
    seconds=$(argument stress 10)
    disk=$(disks | cut -d' ' -f1)
    [ -n "$disk" ] || { bad stress "no disk"; return; }
    first_card_up && gateway=$(cat "/tmp/router.$card" 2>/dev/null)
    mib=$(($(cat "/sys/block/$disk/size") / 2048))
    : >/tmp/stress.run
    if [ -n "${gateway:-}" ]; then
        (while [ -e /tmp/stress.run ]; do ping -c 20 -s 1400 -W 2 "$gateway" 2>&1; done >/tmp/stress.ping) &
    fi
    end=$(($(uptime_cs) + seconds * 100))
    rounds=0
    first=
    differs=0
    while [ "$(uptime_cs)" -lt $end ]; do
        echo 3 >/proc/sys/vm/drop_caches
        sum=$(for part in 0 1 2 3; do
            dd if="/dev/$disk" bs=1M skip=$((mib * part / 4)) count=8 2>/dev/null
        done | md5sum)
        [ -n "$first" ] || first=$sum
        [ "$sum" = "$first" ] || differs=$((differs + 1))
        rounds=$((rounds + 1))
        [ $((rounds % 20)) -ne 0 ] || echo "STRESS rounds=$rounds differs=$differs"
    done
    rm -f /tmp/stress.run
    wait
    sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' /tmp/stress.ping 2>/dev/null | awk '{n += $1} END {print n + 0}')
    got=$(sed -n 's/.* \([0-9]*\) packets received.*/\1/p' /tmp/stress.ping 2>/dev/null | awk '{n += $1} END {print n + 0}')
    errors=$(dmesg | grep -cE 'I/O error|transmit timed out|Oops|soft lockup')
    detail="rounds=$rounds differs=$differs pings=$got/$sent kernel_errors=$errors"
    if [ $differs -eq 0 ] && [ "$errors" -eq 0 ] && [ $((got * 10)) -ge $((sent * 9)) ]; then
        ok stress "$detail"
    else
        bad stress "$detail"
    fi
}

# record_at SECTOR N: record N of 4 KiB past the cache, into one of 1900 places from that sector on.
record_at() {
    yes "RECORD $2" | dd of=/tmp/record bs=4k count=1 iflag=fullblock 2>/dev/null
    dd if=/tmp/record of=/dev/sda bs=4k seek=$(($1 / 8 + ($2 - 1) % 1900 + 1)) conv=notrunc oflag=direct 2>/dev/null
}

# Everything at once for ntferry.load=SECONDS (or HOST:PORT, which says the number): reads all over the disk, records written past the cache (check "durable"),
# a stream read from ntferry.tcp and sent back to ntferry.tcpup, lines typed at the console. The host snapshots meanwhile.
check_load() {
    down=$(argument tcp '')
    up=$(argument tcpup '')
    up=${up%:*}
    sector=$(argument durable 0)
    first_card_up || { bad load "no network"; return; }
    seconds=$(argument load 60)
    case $seconds in *:*) seconds=$(nc "${seconds%%:*}" "${seconds##*:}") ;; esac
    mib=$(($(cat /sys/block/sda/size) / 2048))
    dmesg -c >/dev/null
    : >/tmp/load.run
    (while read -r line; do echo "TYPED $line"; done </dev/tty1) &
    typist=$!
    (
        record=0
        while [ -e /tmp/load.run ]; do
            record=$((record + 1))
            record_at "$sector" $record || { echo "LOAD record $record cannot be written"; : >/tmp/load.bad; }
            echo "DURABLE $record"
        done
    ) &
    writer=$!
    (
        rounds=0
        while [ -e /tmp/load.run ]; do
            nc "${down%%:*}" "${down##*:}" >/tmp/stream 2>/dev/null || : >/tmp/load.bad
            md5sum </tmp/stream >>/tmp/load.streams
            nc "${up%%:*}" "${up##*:}" </tmp/stream >/dev/null 2>&1 || : >/tmp/load.bad
            rounds=$((rounds + 1))
            echo $rounds >/tmp/load.rounds
        done
    ) &
    network=$!
    end=$(($(uptime_cs) + seconds * 100))
    reads=0
    while [ "$(uptime_cs)" -lt $end ]; do
        echo 3 >/proc/sys/vm/drop_caches
        for part in 0 1 2 3; do
            dd if=/dev/sda bs=1M skip=$((mib * part / 5)) count=4 2>/dev/null
        done | md5sum >>/tmp/load.reads
        reads=$((reads + 1))
        echo "LOAD reads=$reads streams=$(cat /tmp/load.rounds 2>/dev/null)"
        echo "LOAD reads=$reads" >/dev/tty0
    done
    rm -f /tmp/load.run
    wait $writer $network
    kill $typist 2>/dev/null
    errors=$(dmesg | grep -cE 'I/O error|transmit timed out|Oops|BUG|soft lockup|hung task|lost interrupt|exception Emask|rcu.*stall')
    streams=$(cat /tmp/load.rounds)
    detail="reads=$reads streams=$streams md5=$(sort -u /tmp/load.streams | head -n 1 | cut -d' ' -f1) kernel_errors=$errors"
    if [ -e /tmp/load.bad ] || [ "$errors" -ne 0 ] || [ "$(sort -u /tmp/load.reads | wc -l)" -ne 1 ] ||
        [ "$(sort -u /tmp/load.streams | wc -l)" -ne 1 ] || [ "${streams:-0}" -lt 1 ]; then
        bad load "$detail reads_differ=$(sort -u /tmp/load.reads | wc -l) streams_differ=$(sort -u /tmp/load.streams | wc -l)"
        dmesg | tail -n 20
    else
        ok load "$detail"
    fi
}

# Nothing, for ntferry.idle=SECONDS; the host looks what that costs.
check_idle() {
    echo "IDLE begin"
    sleep "$(argument idle 10)"
    echo "IDLE end"
    ok idle "$(argument idle 10) seconds"
}

# Runs of sectors of the first disk hold what the host put there: a patched hive, say.
check_ranges() {
    for range in $(argument ranges '' | tr ',' ' '); do
        first=${range%%:*}
        rest=${range#*:}
        count=${rest%%:*}
        sum=$(dd if=/dev/sda bs=512 skip="$first" count="$count" 2>/dev/null | md5sum)
        if [ "${sum%% *}" = "${rest#*:}" ]; then ok ranges "sector $first, $count sectors"; else bad ranges "sector $first: md5=${sum%% *}"; fi
    done
}

# ide_number DISK: 0 for the master of the first channel, 1 for its slave, ...; names like sda follow no order.
ide_number() {
    address=$(basename "$(readlink "/sys/block/$1/device")") # host:channel:target:lun
    host=${address%%:*}
    target=${address%:*}
    echo $((host * 2 + ${target##*:}))
}

# The Windows NT systems on the disks as this machine sees them: every file up to 4 MiB with its checksum, boot.ini, and every
# value of SYSTEM and SOFTWARE as "hive" reads them. Needs an agent built with "nt". Paths are those of the volume.
check_nt() {
    systems=0
    for device in /sys/block/sd*/sd*; do
        part=$(basename "$device")
        mkdir -p "/mnt/$part"
        if ntfs-3g -o ro "/dev/$part" "/mnt/$part" 2>/dev/null; then
            kind=ntfs
        elif mount -t vfat -o ro "/dev/$part" "/mnt/$part" 2>/dev/null; then
            kind=fat
        else
            continue
        fi
        echo "VOLUME $part $(ide_number "${part%%[0-9]*}") $(cat "$device/start") $kind"
        cd "/mnt/$part" || continue
        find . -type f -size -4096k -exec sha256sum {} + | sed 's/^\([0-9a-f]*\) *\.\(.*\)/FILE \1 \2/'
        for file in ./[Bb][Oo][Oo][Tt].[Ii][Nn][Ii]; do
            [ ! -e "$file" ] || tr -d '\r' <"$file" | sed 's/^/BOOTINI /'
        done
        find . -type f | grep -iE '/system32/config/(system|software)$' >/tmp/hives
        while read -r file; do
            echo "HIVE $(basename "$file")"
            if hive "$file"; then systems=$((systems + 1)); else bad nt "$part: $file is no sound hive"; fi
        done </tmp/hives
        cd /
        umount "/mnt/$part"
    done
    if [ $systems -gt 0 ]; then ok nt "$systems hives"; else bad nt "no hive found"; fi
}

# Numbered records of 4 KiB past the cache, one after the other from the given sector, until somebody kills the machine;
# each is told on COM1 when the disk has answered for it.
check_durable() {
    first=$(argument durable 0)
    record=0
    while [ $record -lt 1900 ]; do
        record=$((record + 1))
        record_at "$first" $record ||
            { bad durable "record $record cannot be written"; return; }
        echo "DURABLE $record"
    done
    ok durable "$record records"
}

default_checks=pci,memmap,cpuid,serial,ps2,vga,rtc,edd,ide_dma,ide_pio,atapi,floppy,net
