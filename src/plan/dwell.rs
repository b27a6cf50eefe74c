//! How long a two-step must stay open.
//!
//! A flow is converted by the packet that passes while its interface is open to everything; one that is
//! silent meanwhile stays tracked.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use serde::{Deserialize, Serialize};

/// How long the open group of a two-step stays open: long enough for every live flow to pass a
/// packet, and no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dwell {
    /// The longest mean gap between packets of the suspect's active flows, in seconds; `None`: no
    /// flow is known.
    pub slowest_gap: Option<u32>,
    /// Never longer than this, in seconds.
    pub max: u32,
}

impl Dwell {
    /// The shortest dwell that is planned unless `max` is shorter, in seconds.
    const FLOOR: u32 = 5;

    /// The dwell in seconds: twice the slowest gap, between 5 and `max`; `max` if nothing is known.
    pub fn seconds(self) -> u32 {
        let wanted = self
            .slowest_gap
            .map_or(self.max, |gap| gap.saturating_mul(2));
        wanted.max(Self::FLOOR).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_twice_the_slowest_gap_within_bounds_and_all_there_is_where_nothing_is_known() {
        for (slowest_gap, max, seconds) in [
            (Some(11), 60, 22),
            (Some(1), 60, 5),
            (Some(11), 10, 10),
            (Some(u32::MAX), 60, 60),
            (Some(1), 1, 1),
            (None, 45, 45),
        ] {
            assert_eq!(Dwell { slowest_gap, max }.seconds(), seconds);
        }
    }
}
