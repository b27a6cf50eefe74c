//! Numbers that look scattered and are the same in every run: seeds, and the ids that AWS would give.

/// Scatters a number (`SplitMix64`).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Gives out ids, no two alike.
#[derive(Debug, Default)]
pub(super) struct Ids(u64);

impl Ids {
    fn scattered(&mut self) -> u64 {
        mix(self.next() ^ 0x5eed)
    }

    /// An id with 17 hexadecimal digits: `sg-0…`.
    pub(super) fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.scattered())
    }

    /// An id as Systems Manager gives its commands: a UUID.
    pub(super) fn command(&mut self) -> String {
        let digits = format!("{:016x}{:016x}", self.scattered(), self.scattered());
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
        let parts = [
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32),
        ];
        parts.join("-")
    }

    /// A number that was not given out before.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        self.0
    }
}
