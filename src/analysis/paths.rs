//! A set of things that a flow may pass.

use super::flow::PathElement;

/// All, in their order.
const ALL: [PathElement; 17] = [
    PathElement::Local,
    PathElement::InternetGateway,
    PathElement::EgressOnlyGateway,
    PathElement::NatGateway,
    PathElement::NetworkLoadBalancer,
    PathElement::GatewayLoadBalancer,
    PathElement::PrivateLink,
    PathElement::GlobalAccelerator,
    PathElement::NetworkFirewall,
    PathElement::Lambda,
    PathElement::TransitGateway,
    PathElement::DynamoDbEndpoint,
    PathElement::S3Endpoint,
    PathElement::Peering,
    PathElement::Vpn,
    PathElement::LocalGateway,
    PathElement::Appliance,
];

/// What a flow may pass: one of these. Empty: nothing tells, and only the routes can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Paths(u32);

impl Paths {
    /// Whether nothing tells.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it may pass this.
    pub fn contains(self, element: PathElement) -> bool {
        self.0 & bit(element) != 0
    }

    /// What it passes, if only one thing is possible.
    pub fn only(self) -> Option<PathElement> {
        let mut all = self.iter();
        let first = all.next();
        first.filter(|_| all.next().is_none())
    }

    /// Either this or that.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// All that is possible, in order.
    pub fn iter(self) -> impl Iterator<Item = PathElement> {
        let all = ALL.into_iter();
        all.filter(move |element| self.contains(*element))
    }
}

impl<const N: usize> From<[PathElement; N]> for Paths {
    fn from(elements: [PathElement; N]) -> Self {
        elements.into_iter().collect()
    }
}

impl FromIterator<PathElement> for Paths {
    fn from_iter<I: IntoIterator<Item = PathElement>>(elements: I) -> Self {
        let bits = elements.into_iter().map(bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

impl FromIterator<Self> for Paths {
    fn from_iter<I: IntoIterator<Item = Self>>(paths: I) -> Self {
        paths.into_iter().fold(Self::default(), Self::or)
    }
}

/// A bit for each: there are fewer than 32.
fn bit(element: PathElement) -> u32 {
    1 << (element as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_paths_holds_what_was_put_in() {
        for (elements, only) in [
            (&[][..], None),
            (&[PathElement::Appliance][..], Some(PathElement::Appliance)),
            (
                &[
                    PathElement::InternetGateway,
                    PathElement::NetworkLoadBalancer,
                ],
                None,
            ),
            (&ALL, None),
        ] {
            let paths: Paths = elements.iter().copied().collect();
            assert_eq!(paths.iter().collect::<Vec<_>>(), elements);
            assert_eq!(paths.only(), only);
            assert_eq!(paths.is_empty(), elements.is_empty());
        }
    }
}
