//! From SDK types to the model, one free function per type.
//!
//! Conversion never fails loudly: what lacks an id, or can't be read, is left out, because one odd
//! entry must not hide the rest of an account. Every text is made printable on the way.

pub(super) mod compute;
pub(super) mod eni;
pub(super) mod finding;
pub(super) mod flow_log;
pub(super) mod gateway;
pub(super) mod group;
pub(super) mod network;
pub(super) mod route;
mod sequence;

use std::net::IpAddr;

use aws_sdk_ec2::primitives::DateTime as SdkTime;
use aws_sdk_ec2::types::Tag;
use chrono::{DateTime, Utc};
use ipnet::IpNet;

use crate::model::notation;
use crate::model::text::visible;

/// A text for display.
pub(super) fn shown(text: Option<&str>) -> String {
    visible(text.unwrap_or_default()).into_owned()
}

/// A moment.
fn time(at: Option<&SdkTime>) -> Option<DateTime<Utc>> {
    let at = at?;
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}

/// A CIDR block, without host bits.
fn cidr(text: Option<&str>) -> Option<IpNet> {
    notation::cidr(text?)
}

/// An address.
fn address(text: Option<&str>) -> Option<IpAddr> {
    text?.parse().ok()
}

/// The `Name` tag.
fn name(tags: &[Tag]) -> String {
    let tag = tags.iter().find(|tag| tag.key() == Some("Name"));
    shown(tag.and_then(Tag::value))
}
