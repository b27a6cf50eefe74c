//! Ids as people write them in examples: a name in place of the digits (`sg-closed`). Experiments are
//! written and told with such labels; the world knows ids only.

use toml::Value;

use crate::model::{Eni, Estate};
use crate::operation::Operation;

/// The label of every object that has, or had, a name, with its id.
#[derive(Debug, Default)]
pub(super) struct Labels(Vec<(String, String)>);

impl Labels {
    /// Adds those of objects that were not there before. What is gone keeps its label: it is still
    /// talked of.
    pub(super) fn learn(&mut self, estate: &Estate) {
        estate.vpcs().for_each(|it| self.add(&it.id, &it.name));
        estate.subnets().for_each(|it| self.add(&it.id, &it.name));
        estate.groups().for_each(|it| self.add(&it.id, &it.name));
        estate.acls().for_each(|it| self.add(&it.id, &it.name));
        let tables = estate.route_tables();
        tables.for_each(|it| self.add(&it.id, &it.name));
        let gateways = estate.gateways();
        gateways.for_each(|it| self.add(&it.id, &it.name));
        let instances = estate.instances();
        instances.for_each(|it| self.add(&it.id, &it.name));
        let enis = estate.enis();
        enis.for_each(|it| self.add(&it.id, &interface(estate, it)));
    }

    fn add(&mut self, id: &impl ToString, name: &str) {
        let id = id.to_string();
        let known = self.0.iter().any(|(_, have)| *have == id);
        if let Some((kind, _)) = id.split_once('-').filter(|_| !known && !name.is_empty()) {
            let label = format!("{kind}-{name}");
            self.0.push((label, id));
        }
    }

    /// The name in the label of an id.
    pub(super) fn name(&self, id: &impl ToString) -> String {
        let label = self.told(&id.to_string());
        let name = label.split_once('-').map(|(_, name)| name.to_owned());
        name.unwrap_or(label)
    }

    /// The id with a label.
    pub(super) fn id(&self, label: &str) -> Option<&str> {
        let found = self.0.iter().find(|(have, _)| have == label);
        found.map(|(_, id)| id.as_str())
    }

    /// Ids in a text, as labels.
    pub(super) fn told(&self, text: &str) -> String {
        let labels = self.0.iter();
        labels.fold(text.to_owned(), |text, (label, id)| text.replace(id, label))
    }

    /// The operation that is written with labels.
    ///
    /// # Errors
    /// It is no operation, or names what there is not.
    pub(super) fn operation(&self, written: &Value) -> Result<Operation, String> {
        let value = self.resolved(written)?;
        let operation: Result<Operation, _> = value.try_into();
        operation.map_err(|error| error.message().to_owned())
    }

    fn resolved(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.resolved_text(text)?),
            Value::Array(items) => {
                let items = items.iter().map(|it| self.resolved(it));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Value::Table(table) => {
                let entries = table.iter();
                let entries = entries.map(|(key, it)| Ok((key.clone(), self.resolved(it)?)));
                Value::Table(entries.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    /// Text that looks like an id must be one: a slip of the pen must not be taken for what AWS
    /// refuses.
    fn resolved_text(&self, text: &str) -> Result<String, String> {
        if let Some(id) = self.id(text) {
            return Ok(id.to_owned());
        }
        let kind = text.split_once('-').map(|(kind, _)| kind);
        let of_kind = |(label, _): &(String, String)| {
            let own = label.split_once('-').map(|(kind, _)| kind);
            kind.is_some() && own == kind
        };
        if self.0.iter().any(of_kind) {
            return Err(format!("there is no {text}"));
        }
        Ok(text.to_owned())
    }
}

/// The name of an interface: that of its instance, with a number from the second one on; or its
/// description.
pub(super) fn interface(estate: &Estate, eni: &Eni) -> String {
    let instance = eni.instance.as_ref().and_then(|id| estate.instance(id));
    match (instance, eni.device_index) {
        (Some(instance), None | Some(0)) => instance.name.clone(),
        (Some(instance), Some(index)) => format!("{}/{}", instance.name, index.saturating_add(1)),
        (None, _) => eni.description.clone(),
    }
}
