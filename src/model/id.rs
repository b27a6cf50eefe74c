//! Identifiers of AWS resources, one type per kind, so that a subnet id can't be passed for a VPC.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text;

/// The id of a resource of kind `K`: the text that AWS gave it, made printable.
///
/// Cloning is cheap (the text is shared). Two ids are equal when their texts are.
pub struct Id<K> {
    text: Arc<str>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// Takes an id as AWS wrote it. Control characters are escaped, so an id can always be printed.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: Arc::from(text::visible(text.as_ref()).as_ref()),
            kind: PhantomData,
        }
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The last `count` characters: what an analyst recognises, and types to confirm.
    pub fn tail(&self, count: usize) -> &str {
        let start = self.text.char_indices().rev().nth(count.saturating_sub(1));
        start.map_or(&self.text, |(at, _)| &self.text[at..])
    }

    /// The id shortened in the middle to its prefix and last four characters: `i-…eef1`.
    pub fn short(&self) -> String {
        match self.text.split_once('-') {
            Some((prefix, rest)) if rest.chars().count() > 8 => {
                format!("{prefix}-…{}", self.tail(4))
            }
            _ => self.text.to_string(),
        }
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self {
            text: Arc::clone(&self.text),
            kind: PhantomData,
        }
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> Borrow<str> for Id<K> {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl<K> From<&str> for Id<K> {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::new(text))
    }
}

/// Marker types, one per kind of resource. They are never constructed.
pub mod kind {
    /// An EC2 instance.
    pub enum Instance {}
    /// An elastic network interface.
    pub enum Eni {}
    /// A VPC.
    pub enum Vpc {}
    /// A subnet.
    pub enum Subnet {}
    /// A security group.
    pub enum Group {}
    /// A security group rule.
    pub enum Rule {}
    /// A network ACL.
    pub enum Acl {}
    /// A route table.
    pub enum RouteTable {}
    /// A gateway or endpoint that a route can point at.
    pub enum Gateway {}
    /// An EBS volume.
    pub enum Volume {}
    /// A `GuardDuty` finding.
    pub enum Finding {}
    /// An Auto Scaling group, by name.
    pub enum Asg {}
    /// Anything that can be tagged.
    pub enum Resource {}
}

/// `i-…`
pub type InstanceId = Id<kind::Instance>;
/// `eni-…`
pub type EniId = Id<kind::Eni>;
/// `vpc-…`
pub type VpcId = Id<kind::Vpc>;
/// `subnet-…`
pub type SubnetId = Id<kind::Subnet>;
/// `sg-…`
pub type GroupId = Id<kind::Group>;
/// `sgr-…`
pub type RuleId = Id<kind::Rule>;
/// `acl-…`
pub type AclId = Id<kind::Acl>;
/// `rtb-…`
pub type RouteTableId = Id<kind::RouteTable>;
/// `igw-…`, `nat-…`, `vpce-…` and whatever else a route can name.
pub type GatewayId = Id<kind::Gateway>;
/// `vol-…`
pub type VolumeId = Id<kind::Volume>;
/// A finding's id: 32 hexadecimal digits.
pub type FindingId = Id<kind::Finding>;
/// An Auto Scaling group's name, which is its id.
pub type AsgName = Id<kind::Asg>;
/// The id of anything that can be tagged.
pub type ResourceId = Id<kind::Resource>;

/// The account of an ARN: `arn:partition:service:region:account:resource`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tail_and_short_are_what_an_analyst_recognises() {
        let id = InstanceId::new("i-0f00d0000000beef1");
        assert_eq!(id.tail(4), "eef1");
        assert_eq!(id.short(), "i-…eef1");
        assert_eq!(
            InstanceId::new("i-1").tail(4),
            "i-1",
            "shorter than asked: all of it"
        );
        assert_eq!(InstanceId::new("").tail(4), "");
    }

    #[test]
    fn hostile_ids_are_made_visible() {
        assert_eq!(InstanceId::new("i-\u{1b}[2J").as_str(), "i-\\u{1b}[2J");
    }

    #[test]
    fn an_arn_tells_its_account() {
        for (arn, found) in [
            (
                "arn:aws:sts::123456789012:assumed-role/x/y",
                Some("123456789012"),
            ),
            ("arn:aws:iam::1:root", Some("1")),
            ("arn:aws:iam:::root", None),
            ("somebody", None),
        ] {
            assert_eq!(account_of(arn), found, "{arn}");
        }
    }
}
