//! What is noted while a dump is read: doubts, and who names whom.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::doubt::{Doubt, DoubtKind};
use super::json::Object;
use crate::model::notation;
use crate::model::text::visible;

/// What something names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Vpc,
    Subnet,
    Eni,
    Instance,
    Group,
    Gateway,
    Peering,
    PrefixList,
}

/// Something names something else.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) file: Option<Arc<str>>,
    pub(super) from: String,
    pub(super) field: &'static str,
    pub(super) to: String,
    pub(super) target: Target,
}

/// Doubts and references so far, and the file that is being read.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) doubts: Vec<Doubt>,
    pub(super) references: Vec<Reference>,
    pub(super) file: Option<Arc<str>>,
}

impl Notes {
    /// Doubts something about the present file.
    pub(super) fn doubt(&mut self, kind: DoubtKind) {
        let file = self.file.clone();
        let line = None;
        self.doubts.push(Doubt { file, line, kind });
    }
}

/// One thing that a dump describes, while it is read.
pub(super) struct Subject<'a, 'n> {
    pub(super) object: Object<'a>,
    pub(super) id: &'a str,
    pub(super) notes: &'n mut Notes,
}

impl<'a> Subject<'a, '_> {
    /// A text that the thing can't do without.
    pub(super) fn needs(&mut self, field: &'static str) -> Option<&'a str> {
        let text = self.object.text(field).filter(|it| !it.is_empty());
        if text.is_none() {
            let of = visible(self.id).into_owned();
            self.notes.doubt(DoubtKind::Incomplete { of, field });
        }
        text
    }

    /// Like [`Subject::needs`], of something that has to exist.
    pub(super) fn needs_id(&mut self, field: &'static str, target: Target) -> Option<&'a str> {
        let id = self.needs(field)?;
        self.names(field, id, target);
        Some(id)
    }

    /// An id that may be absent, of something that has to exist.
    pub(super) fn optional_id(&mut self, field: &'static str, target: Target) -> Option<&'a str> {
        let id = self.object.text(field).filter(|it| !it.is_empty())?;
        self.names(field, id, target);
        Some(id)
    }

    /// Notes that the thing names another one.
    pub(super) fn names(&mut self, field: &'static str, to: &str, target: Target) {
        self.notes.references.push(Reference {
            file: self.notes.file.clone(),
            from: visible(self.id).into_owned(),
            field,
            to: visible(to).into_owned(),
            target,
        });
    }

    /// The ids in a list of objects, of things that have to exist.
    pub(super) fn ids<T: for<'t> From<&'t str>>(
        &mut self,
        list: &str,
        field: &'static str,
        target: Target,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for id in self.object.objects(list).filter_map(|it| it.text(field)) {
            self.names(field, id, target);
            all.push(id.into());
        }
        all
    }

    /// Doubts a value.
    pub(super) fn unreadable(&mut self, field: &'static str, value: &str) {
        const LONGEST: usize = 80;
        let value: String = value.chars().take(LONGEST).collect();
        self.notes.doubt(DoubtKind::Unreadable {
            of: visible(self.id).into_owned(),
            field,
            value: format!("\"{}\"", visible(&value)),
        });
    }

    /// A CIDR block, unless it is absent or can't be read.
    pub(super) fn cidr(&mut self, it: Object<'_>, field: &'static str) -> Option<IpNet> {
        let text = it.text(field)?;
        let block = notation::cidr(text);
        if block.is_none() {
            self.unreadable(field, text);
        }
        block
    }

    /// An address, unless it is absent or can't be read.
    pub(super) fn address(&mut self, it: Object<'_>, field: &'static str) -> Option<IpAddr> {
        let text = it.text(field).filter(|it| !it.is_empty())?;
        let address = it.address(field);
        if address.is_none() {
            self.unreadable(field, text);
        }
        address
    }
}
