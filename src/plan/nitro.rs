//! Whether an interface takes idle timers of its own: those of instances on the Nitro System do.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>

use crate::model::{Eni, Instance, TrackingTimeouts};

/// Instance families on the Nitro System.
const NITRO: &str = include_str!("../../assets/nitro.txt");

/// Why an interface of an instance may not take lowered timers; `None`: it does.
pub(super) fn why_no_timers(instance: &Instance, eni: &Eni) -> Option<String> {
    if eni.requester_managed {
        let kind = eni.kind.name();
        return Some(format!("{} is managed by an AWS service ({kind})", eni.id));
    }
    // Timers that are set show that they can be.
    let were_set = eni.timeouts != TrackingTimeouts::default();
    (!were_set && !is_nitro(&instance.instance_type)).then(|| {
        format!(
            "{} is of type {:?}, which is not known to be on the Nitro System: {} may not take \
             lowered idle timers",
            instance.id, instance.instance_type, eni.id
        )
    })
}

/// A family is matched whole. Of a family on Xen, the bare metal size is on Nitro.
fn is_nitro(instance_type: &str) -> bool {
    let Some((family, size)) = instance_type.split_once('.') else {
        return false;
    };
    let listed = NITRO.lines().any(|line| line == family);
    listed || size.starts_with("metal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_matched_whole() {
        for (instance_type, want) in [
            ("m5.large", true),
            ("c8i-flex.large", true),
            ("t3.micro", true),
            ("i3.metal", true),
            ("i3.large", false),
            ("t2.micro", false),
            ("m4.large", false),
            ("m55.large", false),
            ("m5", false),
            ("#.large", false),
            ("", false),
        ] {
            assert_eq!(is_nitro(instance_type), want, "{instance_type}");
        }
    }
}
