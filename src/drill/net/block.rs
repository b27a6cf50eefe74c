//! Addresses and CIDR blocks as numbers: IPv4 as IPv6 writes it (`::ffff:a.b.c.d`), so that both
//! families are compared alike and never mixed up.

use std::net::IpAddr;

use ipnet::IpNet;

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Addr(u128);

/// A CIDR block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    base: u128,
    mask: u128,
    v6: bool,
    /// In the notation of its family.
    pub(super) length: u8,
}

const MAPPED: u128 = 0xffff << 32;

impl Addr {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(it) => Self(MAPPED | u128::from(it.to_bits())),
            IpAddr::V6(it) => Self(it.to_bits()),
        }
    }

    pub(super) fn is_v6(self) -> bool {
        self.0 >> 32 != 0xffff
    }

    /// An IPv4 address as a number.
    pub(super) fn v4(self) -> Option<u32> {
        u32::try_from(self.0 ^ MAPPED).ok()
    }

    pub(super) fn ip(self) -> IpAddr {
        let v4 = self.v4().map(|it| IpAddr::V4(it.into()));
        v4.unwrap_or_else(|| IpAddr::V6(self.0.into()))
    }
}

impl Block {
    pub(super) fn of(net: IpNet) -> Self {
        let (length, before) = match net {
            IpNet::V4(it) => (it.prefix_len(), 96),
            IpNet::V6(it) => (it.prefix_len(), 0),
        };
        let free = 128 - u32::from(length) - before;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        let base = Addr::of(net.addr()).0 & mask;
        Self {
            base,
            mask,
            v6: matches!(net, IpNet::V6(_)),
            length,
        }
    }

    pub(super) fn contains(self, address: Addr) -> bool {
        address.0 & self.mask == self.base && address.is_v6() == self.v6
    }

    /// Every address of its family.
    pub(super) fn is_everyone(self) -> bool {
        self.length == 0
    }

    /// Which half of all addresses of its family it is, as a bit.
    pub(super) fn half(self) -> u8 {
        match self.length {
            1 if self.base == if self.v6 { 0 } else { MAPPED } => 1,
            1 => 2,
            _ => 0,
        }
    }

    /// The address at this distance from the block's first one.
    pub(super) fn at(self, offset: u128) -> Addr {
        Addr(self.base | offset)
    }

    pub(super) fn is_v6(self) -> bool {
        self.v6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Block {
        Block::of(text.parse().unwrap())
    }

    fn addr(text: &str) -> Addr {
        Addr::of(text.parse().unwrap())
    }

    #[test]
    fn blocks_contain_what_is_theirs_and_nothing_of_the_other_family() {
        for (cidr, address, contained) in [
            ("10.0.1.0/24", "10.0.1.255", true),
            ("10.0.1.0/24", "10.0.2.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("128.0.0.0/1", "127.255.255.255", false),
            ("128.0.0.0/1", "128.0.0.0", true),
            ("192.0.2.25/32", "192.0.2.25", true),
            ("2001:db8::1/128", "2001:db8::2", false),
        ] {
            assert_eq!(
                block(cidr).contains(addr(address)),
                contained,
                "{address} in {cidr}"
            );
        }
    }

    #[test]
    fn halves_and_everyone() {
        for (cidr, half, everyone) in [
            ("0.0.0.0/1", 1, false),
            ("128.0.0.0/1", 2, false),
            ("::/1", 1, false),
            ("8000::/1", 2, false),
            ("0.0.0.0/0", 0, true),
            ("10.0.0.0/8", 0, false),
        ] {
            let it = block(cidr);
            assert_eq!((it.half(), it.is_everyone()), (half, everyone), "{cidr}");
        }
    }
}
