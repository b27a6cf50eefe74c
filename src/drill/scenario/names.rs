//! Names in a scenario file: what each refers to, and errors that say where a name stands that means
//! nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use toml::Spanned;

use super::super::party::Party;
use super::ScenarioError;
use super::spec::{
    AclSpec, GatewaySpec, GroupSpec, InstanceSpec, InterfaceSpec, ListSpec, Name, Spec, SubnetSpec,
    TableSpec,
};
use crate::model::{EniId, Place};

/// What a host is called, and one of its addresses.
pub(super) type Host = (String, Party);

pub(super) type Resolved<T> = Result<T, ScenarioError>;

/// The file that names stand in, and everything that was found to be wrong with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) problems: &'a RefCell<Vec<ScenarioError>>,
}

/// What no group and no network ACL filters and no flow log shows, by the name that conversations use: its
/// IPv4 and its IPv6 address.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>
const SERVICES: [(&str, [IpAddr; 2]); 3] = [
    ("amazon-dns", service(253)),
    ("amazon-time", service(123)),
    ("amazon-imds", service(254)),
];

const fn service(last: u8) -> [IpAddr; 2] {
    // The IPv6 addresses end in the same digits, read as hexadecimal ones.
    let digits = (last / 100) as u16 * 0x100 + (last / 10 % 10) as u16 * 0x10 + (last % 10) as u16;
    [
        IpAddr::V4(Ipv4Addr::new(169, 254, 169, last)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, digits)),
    ]
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
    pub(super) lists: Index<'a, ListSpec>,
    pub(super) interfaces: Index<'a, InterfaceSpec>,
    pub(super) instances: Index<'a, InstanceSpec>,
    parties: BTreeMap<&'a str, Vec<Party>>,
}

impl<'f> File<'f> {
    /// Its name, without folder and extension.
    pub(super) fn stem(self) -> &'f str {
        let file = std::path::Path::new(self.name).file_stem();
        file.and_then(|it| it.to_str()).unwrap_or(self.name)
    }

    pub(super) fn place<T>(self, it: &Spanned<T>) -> Place {
        Place::new(self.name, self.text, Some(it.span()))
    }

    /// What is good of a result; what is wrong is kept.
    pub(super) fn ok<T>(self, result: Resolved<T>) -> Option<T> {
        result.map_err(|error| self.note(error)).ok()
    }

    /// Keeps something that is wrong.
    pub(super) fn note(self, error: ScenarioError) {
        self.problems.borrow_mut().push(error);
    }

    /// Keeps that a value makes no sense, where it does not.
    pub(super) fn refuse<T: ToString>(
        self,
        wrong: bool,
        key: &'static str,
        value: &Spanned<T>,
        problem: &str,
    ) {
        if wrong {
            self.note(self.invalid(key, value, problem));
        }
    }

    pub(super) fn invalid<T: ToString>(
        self,
        key: &'static str,
        value: &Spanned<T>,
        problem: impl Into<String>,
    ) -> ScenarioError {
        ScenarioError::Invalid {
            place: self.place(value),
            key,
            value: value.get_ref().to_string(),
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

    pub(super) fn unresolved(
        self,
        key: &'static str,
        what: &'static str,
        name: &Name,
    ) -> ScenarioError {
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
    ) -> Index<'a, T> {
        let mut by_name = BTreeMap::new();
        for (name, it) in named {
            if by_name.insert(name.get_ref().as_str(), it).is_some() {
                self.note(self.duplicate(what, name));
            }
        }
        Index { what, by_name }
    }
}

impl<'a, T> Index<'a, T> {
    /// What `name`, the value of `key`, refers to.
    pub(super) fn find(&self, file: File<'_>, key: &'static str, name: &Name) -> Resolved<&'a T> {
        let found = self.get(name);
        found.ok_or_else(|| file.unresolved(key, self.what, name))
    }

    /// What bears the name, if something does.
    pub(super) fn get(&self, name: &Name) -> Option<&'a T> {
        self.by_name.get(name.get_ref().as_str()).copied()
    }
}

impl<'a> Names<'a> {
    pub(super) fn of(file: File<'_>, spec: &'a Spec, instances: &'a [InstanceSpec]) -> Self {
        for it in &spec.interfaces {
            if it.name.is_none() || it.kind.is_none() {
                let problem = "an interface apart from instances has a name and a kind";
                file.note(file.invalid("interfaces", &it.id, problem));
            }
        }
        let apart = || {
            let named = |it: &'a InterfaceSpec| Some((it.name.as_ref()?, it));
            spec.interfaces.iter().filter_map(named)
        };
        let mut names = Self {
            subnets: file.index("subnet", spec.subnets.iter().map(|it| (&it.name, it))),
            groups: file.index("group", spec.groups.iter().map(|it| (&it.name, it))),
            acls: file.index("network ACL", spec.acls.iter().map(|it| (&it.name, it))),
            tables: file.index("route table", spec.tables.iter().map(|it| (&it.name, it))),
            gateways: file.index("gateway", spec.gateways.iter().map(|it| (&it.name, it))),
            lists: file.index("prefix list", spec.lists.iter().map(|it| (&it.name, it))),
            interfaces: file.index("interface", apart()),
            instances: file.index("instance", instances.iter().map(|it| (&it.name, it))),
            parties: BTreeMap::new(),
        };
        for it in instances {
            let parties = it.interfaces.iter().flat_map(ours).collect();
            names.party(file, &it.name, parties);
        }
        for (name, it) in apart() {
            names.party(file, name, ours(it).collect());
        }
        for it in &spec.outside {
            let parties = it.addresses.iter().map(|it| Party::Outside(*it.get_ref()));
            names.party(file, &it.name, parties.collect());
        }
        names
    }

    fn party(&mut self, file: File<'_>, name: &'a Name, parties: Vec<Party>) {
        let known = SERVICES
            .iter()
            .any(|(service, _)| service == name.get_ref());
        if known || self.parties.insert(name.get_ref(), parties).is_some() {
            file.note(file.duplicate("host", name));
        }
    }

    /// The hosts that a list names: `web-*` is every host whose name begins so, by name.
    pub(super) fn hosts(
        &self,
        file: File<'_>,
        key: &'static str,
        listed: &[Name],
        v6: bool,
    ) -> Vec<Host> {
        let mut hosts = Vec::new();
        for name in listed {
            let Some(start) = name.get_ref().strip_suffix('*') else {
                hosts.extend(file.ok(self.host(file, key, name, v6)));
                continue;
            };
            let own = self.parties.iter().filter(|(it, _)| it.starts_with(start));
            let own = own.filter_map(|(name, it)| Some((*name, of_family(it, v6)?)));
            let before = hosts.len();
            hosts.extend(own.map(|(name, it)| (name.to_owned(), it.clone())));
            if hosts.len() == before {
                file.note(file.unresolved(key, "host", name));
            }
        }
        hosts
    }

    /// A host's first address of the family; or the very address that is written in place of a name.
    fn host(&self, file: File<'_>, key: &'static str, name: &Name, v6: bool) -> Resolved<Host> {
        let text = name.get_ref();
        let service = SERVICES.iter().find(|(service, _)| service == text);
        if let Some((_, [v4, six])) = service {
            return Ok((text.clone(), Party::Outside(if v6 { *six } else { *v4 })));
        }
        let known = self.parties.get(text.as_str());
        if known.is_none()
            && let Some(host) = self.at(text, v6)
        {
            return Ok(host);
        }
        let addresses = known.ok_or_else(|| file.unresolved(key, "host", name))?;
        let family = if v6 { "IPv6" } else { "IPv4" };
        let suiting = of_family(addresses, v6).cloned();
        let suiting = suiting.map(|it| (text.clone(), it));
        suiting.ok_or_else(|| file.invalid(key, name, format!("it has no {family} address")))
    }
}

impl Names<'_> {
    /// Who has an address of the family.
    fn at(&self, address: &str, v6: bool) -> Option<Host> {
        let address: IpAddr = address.parse().ok()?;
        let has = |it: &&Party| it.address() == address && address.is_ipv6() == v6;
        let mut all = self.parties.iter();
        all.find_map(|(name, own)| Some(((*name).to_owned(), own.iter().find(has)?.clone())))
    }
}

fn of_family(addresses: &[Party], v6: bool) -> Option<&Party> {
    addresses.iter().find(|it| it.address().is_ipv6() == v6)
}

fn ours(interface: &InterfaceSpec) -> impl Iterator<Item = Party> {
    let party = |address: &Spanned<IpAddr>| Party::Ours {
        eni: EniId::new(interface.id.get_ref()),
        address: *address.get_ref(),
    };
    interface.addresses.iter().map(party)
}
