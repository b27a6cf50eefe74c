//! Names in a scenario file: what each refers to, and errors that say where a name stands that means
//! nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use toml::Spanned;

use super::super::party::Party;
use super::ScenarioError;
use super::spec::{
    AclSpec, GatewaySpec, GroupSpec, InstanceSpec, InterfaceSpec, Name, Spec, SubnetSpec, TableSpec,
};
use crate::model::{EniId, Place};

pub(super) type Resolved<T> = Result<T, ScenarioError>;

/// The file that names stand in.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// Everything of one kind, by name.
pub(super) struct Index<'a, T> {
    what: &'static str,
    by_name: BTreeMap<&'a str, &'a T>,
}

/// Everything that can be referred to.
pub(super) struct Names<'a> {
    pub(super) subnets: Index<'a, SubnetSpec>,
    pub(super) groups: Index<'a, GroupSpec>,
    pub(super) acls: Index<'a, AclSpec>,
    pub(super) tables: Index<'a, TableSpec>,
    pub(super) gateways: Index<'a, GatewaySpec>,
    pub(super) interfaces: Index<'a, InterfaceSpec>,
    pub(super) instances: Index<'a, InstanceSpec>,
    parties: BTreeMap<&'a str, Vec<Party>>,
}

impl File<'_> {
    pub(super) fn place<T>(self, it: &Spanned<T>) -> Place {
        Place::new(self.name, self.text, Some(it.span()))
    }

    pub(super) fn invalid(self, name: &Name, problem: impl Into<String>) -> ScenarioError {
        ScenarioError::Invalid {
            place: self.place(name),
            name: name.get_ref().clone(),
            problem: problem.into(),
        }
    }

    pub(super) fn duplicate(self, what: &'static str, name: &Name) -> ScenarioError {
        ScenarioError::Duplicate {
            place: self.place(name),
            what,
            name: name.get_ref().clone(),
        }
    }

    fn unresolved(self, key: &'static str, what: &'static str, name: &Name) -> ScenarioError {
        ScenarioError::Unresolved {
            place: self.place(name),
            key,
            name: name.get_ref().clone(),
            what,
        }
    }

    fn index<'a, T>(
        self,
        what: &'static str,
        named: impl Iterator<Item = (&'a Name, &'a T)>,
    ) -> Resolved<Index<'a, T>> {
        let mut by_name = BTreeMap::new();
        for (name, it) in named {
            if by_name.insert(name.get_ref().as_str(), it).is_some() {
                return Err(self.duplicate(what, name));
            }
        }
        Ok(Index { what, by_name })
    }
}

impl<'a, T> Index<'a, T> {
    /// What `name`, the value of `key`, refers to.
    pub(super) fn find(&self, file: File<'_>, key: &'static str, name: &Name) -> Resolved<&'a T> {
        let found = self.by_name.get(name.get_ref().as_str()).copied();
        found.ok_or_else(|| file.unresolved(key, self.what, name))
    }
}

impl<'a> Names<'a> {
    pub(super) fn of(file: File<'_>, spec: &'a Spec) -> Resolved<Self> {
        for it in &spec.interfaces {
            if it.name.is_none() || it.kind.is_none() {
                return Err(file.invalid(&it.id, "an interface apart has a name and a kind"));
            }
        }
        let apart = || {
            let named = |it: &'a InterfaceSpec| Some((it.name.as_ref()?, it));
            spec.interfaces.iter().filter_map(named)
        };
        let mut names = Self {
            subnets: file.index("subnet", spec.subnets.iter().map(|it| (&it.name, it)))?,
            groups: file.index("group", spec.groups.iter().map(|it| (&it.name, it)))?,
            acls: file.index("network ACL", spec.acls.iter().map(|it| (&it.name, it)))?,
            tables: file.index("route table", spec.tables.iter().map(|it| (&it.name, it)))?,
            gateways: file.index("gateway", spec.gateways.iter().map(|it| (&it.name, it)))?,
            interfaces: file.index("interface", apart())?,
            instances: file.index("instance", spec.instances.iter().map(|it| (&it.name, it)))?,
            parties: BTreeMap::new(),
        };
        for it in &spec.instances {
            let parties = it.interfaces.iter().flat_map(ours).collect();
            names.party(file, &it.name, parties)?;
        }
        for (name, it) in apart() {
            names.party(file, name, ours(it).collect())?;
        }
        for it in &spec.outside {
            let parties = it.addresses.iter().copied().map(Party::Outside);
            names.party(file, &it.name, parties.collect())?;
        }
        Ok(names)
    }

    fn party(&mut self, file: File<'_>, name: &'a Name, parties: Vec<Party>) -> Resolved<()> {
        match self.parties.insert(name.get_ref(), parties) {
            Some(_) => Err(file.duplicate("host", name)),
            None => Ok(()),
        }
    }

    /// A host's first address of the family.
    pub(super) fn host(
        &self,
        file: File<'_>,
        key: &'static str,
        name: &Name,
        v6: bool,
    ) -> Resolved<Party> {
        let known = self.parties.get(name.get_ref().as_str());
        let addresses = known.ok_or_else(|| file.unresolved(key, "host", name))?;
        let suiting = addresses.iter().find(|it| it.address().is_ipv6() == v6);
        let family = if v6 { "IPv6" } else { "IPv4" };
        suiting
            .cloned()
            .ok_or_else(|| file.invalid(name, format!("it has no {family} address")))
    }
}

fn ours(interface: &InterfaceSpec) -> impl Iterator<Item = Party> {
    let party = |address: &IpAddr| Party::Ours {
        eni: EniId::new(interface.id.get_ref()),
        address: *address,
    };
    interface.addresses.iter().map(party)
}
