#!/bin/sh
# Firedoor, action host-block, Linux guests: drops every packet to and from one peer, then ends the
# sessions with it. Run as root by the Systems Manager document AWS-RunShellScript. README.md says
# what it does step by step and how to take it back.
#
# Exit: 0 the block is in force (read back), 1 it is not, 2 bad argument or not root.
#
#   root:         https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-restrict-root-level-commands.html
#   exit code:    https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-handle-exit-status.html
#   timeout:      https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
#   output limit: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
#   nftables:     https://wiki.nftables.org/wiki-nftables/index.php/Configuring_chains
#   ss -K:        https://manpages.debian.org/bookworm/iproute2/ss.8.en.html

# The two values that the caller puts in, here and nowhere else.
PEER='@PEER@'
TAG='@TAG@'

set -u
# A fixed search path: the inherited one may be somebody else's.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

say() {
    printf 'firedoor: %s\n' "$*"
}

refuse() {
    say "refused: $*; nothing was changed"
    exit 2
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# What a tool printed, as one short line: names of processes are the attacker's text.
flat() {
    printf '%s' "$*" | tr '\n' ' ' | sed 's/[^[:print:]]/?/g; s/   */ /g; s/^\(.\{240\}\).*/\1.../'
}

# Says the first "$2" lines of the text "$3", each after "$1".
say_lines() {
    printf '%s\n' "$3" | sed '/^ *$/d' | sed -n "1,${2}p" | while IFS= read -r line; do
        say "$1 $(flat "$line")"
    done
}

# --- arguments ---

check_arguments() {
    case $PEER in
    '' | *[!0-9a-f:.]* | *:*.* | *.*:*)
        refuse 'the peer is not an IPv4 or IPv6 address in canonical form' ;;
    0.* | 127.* | 169.254.* | :: | ::1 | fe[89ab]?:* | fd00:ec2:*)
        refuse "$PEER is this machine, or a service of the instance itself such as IMDS" ;;
    *:*:*)
        nft_family=ip6 iptables=ip6tables bits=128 host="[$PEER]" conntrack_family=ipv6 ;;
    *.*.*.*)
        nft_family=ip iptables=iptables bits=32 host=$PEER conntrack_family=ipv4 ;;
    *)
        refuse 'the peer is not an IPv4 or IPv6 address in canonical form' ;;
    esac
    case $TAG in
    '' | *[!A-Za-z0-9-]*) refuse 'the tag is not made of letters, digits and dashes' ;;
    esac
    [ "${#TAG}" -le 64 ] || refuse 'the tag is longer than 64 characters'
    [ "$(id -u 2>/dev/null)" = 0 ] || refuse 'this is not root'
}

# --- evidence ---

# Sockets with the peer, one per line, without ss's heading; fails as ss does. "$@": more options.
sockets() {
    found=$(ss -tun "$@" dst "$host" 2>/dev/null) || return 1
    printf '%s\n' "$found" | sed '/^State /d; /^Netid /d; /^ *$/d'
}

count() {
    printf '%s' "$1" | grep -c .
}

# At most 50 lines of 240 characters (and 20 of conntrack later): Run Command keeps the first 24,000
# characters of the output, and the outcome comes last.
show_sessions() {
    have ss || {
        say 'before: unknown, there is no ss here'
        return
    }
    before=$(sockets -p) || {
        say 'before: unknown, ss failed'
        return
    }
    say "before: $(count "$before") sessions with $PEER"
    say_lines before: 50 "$before"
    [ "$(count "$before")" -le 50 ] || say 'before: the first 50 are listed'
    # A name proves nothing, so this warns and does not refuse.
    case $before in
    *'"amazon-ssm'* | *'"ssm-'*)
        say 'warning: a process named like the SSM Agent talks to this peer; Systems Manager may lose this guest' ;;
    esac
}

# --- nftables ---

# Is there a base chain "$1" that drops packets whose "$2" (saddr, daddr) is the peer?
nft_drops() {
    listing=$(nft -n list chain inet firedoor "$1" 2>/dev/null) || return 1
    case $listing in
    *"hook $1 "*"$nft_family $2 $PEER drop"*) return 0 ;;
    *) return 1 ;;
    esac
}

# The chains of a table that is dormant do nothing.
nft_in_force() {
    case $(nft -n list table inet firedoor 2>/dev/null) in
    *'flags dormant'*) return 1 ;;
    *) nft_drops input saddr && nft_drops output daddr && nft_drops forward saddr && nft_drops forward daddr ;;
    esac
}

# One transaction, and only what is missing. Priority -10 is before the usual filter chains (0) and
# after address translation, so a destination is what it will be on the wire. A drop is final
# whatever other chains say.
nft_block() {
    rules=''
    for place in 'input saddr' 'output daddr' 'forward saddr' 'forward daddr'; do
        nft_drops "${place% *}" "${place#* }" ||
            rules="$rules insert rule inet firedoor ${place% *} $nft_family ${place#* } $PEER drop comment \"firedoor-$TAG\";"
    done
    if [ -z "$rules" ]; then
        say 'nftables: the rules are there already, nothing changed'
        return
    fi
    chains=''
    for hook in input output forward; do
        chains="$chains add chain inet firedoor $hook { type filter hook $hook priority -10; policy accept; };"
    done
    if answer=$(nft "add table inet firedoor;$chains$rules" 2>&1); then
        say 'nftables: rules added to the table inet firedoor'
    else
        say "nftables: failed: $(flat "$answer")"
        return 1
    fi
}

# --- iptables, ip6tables ---

ipt() {
    "$iptables" -w 10 "$@"
}

# Does the chain FIREDOOR drop packets with the peer as "$1" (-s, -d)?
ipt_drops() {
    case $(ipt -S FIREDOOR 2>/dev/null) in
    *"-A FIREDOOR $1 $PEER/$bits -j DROP"*) return 0 ;;
    *"-A FIREDOOR $1 $PEER/$bits -m comment --comment "*firedoor-*' -j DROP'*) return 0 ;;
    *) return 1 ;;
    esac
}

# Is the first rule of chain "$1" the jump to FIREDOOR? After another rule it could be too late.
ipt_jumps() {
    [ "$(ipt -S "$1" 2>/dev/null | sed -n '/^-A/{p;q;}')" = "-A $1 -j FIREDOOR" ]
}

ipt_in_force() {
    ipt_drops -s && ipt_drops -d && ipt_jumps INPUT && ipt_jumps OUTPUT && ipt_jumps FORWARD
}

ipt_change() {
    answer=$(ipt "$@" 2>&1) && return
    say "$iptables: failed: $(flat "$answer")"
    return 1
}

# The drops come before the jumps. Without the module for comments the rule goes without.
ipt_block() {
    if ipt_in_force; then
        say "$iptables: the rules are there already, nothing changed"
        return
    fi
    ipt -S FIREDOOR >/dev/null 2>&1 || ipt_change -N FIREDOOR || return 1
    for flag in -s -d; do
        ipt_drops "$flag" ||
            ipt_change -I FIREDOOR 1 "$flag" "$PEER" -m comment --comment "firedoor-$TAG" -j DROP ||
            ipt_change -I FIREDOOR 1 "$flag" "$PEER" -j DROP || return 1
    done
    for chain in INPUT OUTPUT FORWARD; do
        ipt_jumps "$chain" || ipt_change -I "$chain" 1 -j FIREDOOR || return 1
    done
    say "$iptables: rules added to the chain FIREDOOR"
}

# --- the block: nftables, or else iptables; `used` is what is in force ---

block() {
    used=''
    if ! have nft; then
        say 'nftables: there is no nft here'
    elif nft_block; then
        if nft_in_force; then
            used=nftables
            return
        fi
        say 'nftables: not in force when read back'
    fi
    if ! have "$iptables"; then
        say "$iptables: there is no $iptables here"
    elif ipt_block; then
        if ipt_in_force; then
            used=$iptables
            return
        fi
        say "$iptables: not in force when read back"
    fi
    return 1
}

# --- sessions ---

# ss -K shows what it closed and says nothing of what the kernel cannot close, so look again.
end_sessions() {
    have ss || {
        say 'sessions: none ended, there is no ss here; the block drops their packets'
        return
    }
    if ! answer=$(ss -K -tun dst "$host" 2>&1); then
        say "sessions: ss -K failed: $(flat "$answer")"
    fi
    after=$(sockets) || {
        say 'sessions: unknown what is left, ss failed; the block drops their packets'
        return
    }
    left=$(count "$after")
    if [ "$left" = 0 ]; then
        say 'sessions: none is left'
    else
        say "sessions: $left could not be ended (a kernel without CONFIG_INET_DIAG_DESTROY?); the block drops their packets"
    fi
}

# The peer as source and as destination, of the first packet (-s, -d) and of the answer (-r, -q):
# address translation makes them differ. What is deleted is evidence, above all of forwarded sessions,
# which ss does not list.
forget_connections() {
    have conntrack || {
        say 'conntrack: no entry deleted, there is no conntrack here; the block drops their packets'
        return
    }
    deleted=0
    entries=''
    for flag in -s -d -r -q; do
        # Finding nothing is a failure for conntrack, so only the count in its words tells.
        answer=$(conntrack -f "$conntrack_family" -D "$flag" "$PEER" 2>&1)
        number=$(printf '%s\n' "$answer" | sed -n 's/.*: \([0-9][0-9]*\) flow entries have been deleted.*/\1/p')
        case $number in
        '' | *[!0-9]*)
            say "conntrack: failed: $(flat "$answer")"
            return ;;
        esac
        deleted=$((deleted + number))
        entries=$(printf '%s\n' "$entries" "$answer" | sed '/flow entries have been deleted/d')
    done
    say "conntrack: $deleted entries deleted, at most 20 are listed"
    say_lines 'conntrack: was' 20 "$entries"
}

check_arguments
show_sessions
if ! block; then
    say 'sessions: left alone, nothing would keep them from coming back'
    say "NOT in force: $PEER is not blocked"
    exit 1
fi
end_sessions
forget_connections
say "in force: $used drops everything from and to $PEER, forwarded packets too; read back"
exit 0
