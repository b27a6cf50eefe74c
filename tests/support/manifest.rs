//! What the seeding wrote down about the estate it built: the oracle of a test.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The manifest of one seeded emulator.
pub(crate) struct Manifest {
    path: PathBuf,
    value: Value,
}

impl Manifest {
    /// Reads the file the seeding wrote.
    pub(super) fn load(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).expect("the seeding wrote a manifest");
        let value = serde_json::from_str(&text).expect("the manifest is JSON");
        Self { path, value }
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All of it.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// A text at a JSON pointer, such as `/vpc/id`; a missing one is a mistake in the test.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("the manifest has no text at {pointer}"))
    }

    /// The region everything is in.
    pub(crate) fn region(&self) -> &str {
        self.text("/region")
    }

    /// The `Name` tag of the compromised instance.
    pub(crate) fn compromised_name(&self) -> &str {
        self.text("/compromised")
    }

    /// The id of the compromised instance.
    pub(crate) fn compromised_id(&self) -> &str {
        self.instance_id(self.compromised_name())
    }

    /// The id of an instance by its `Name` tag.
    pub(crate) fn instance_id(&self, name: &str) -> &str {
        self.text(&format!("/instances/{name}/id"))
    }

    /// The network interfaces of an instance, in device order.
    pub(crate) fn interface_ids(&self, name: &str) -> Vec<&str> {
        let pointer = format!("/instances/{name}/enis");
        let interfaces = self.list(&pointer).iter();
        interfaces.filter_map(|eni| eni["id"].as_str()).collect()
    }

    /// The names of the instances whose first interface is in the compromised one's first subnet.
    pub(crate) fn neighbour_names(&self) -> Vec<&str> {
        let names = self.list("/attack/scannedNeighbours").iter();
        names.filter_map(Value::as_str).collect()
    }

    /// A list at a JSON pointer.
    fn list(&self, pointer: &str) -> &[Value] {
        self.value
            .pointer(pointer)
            .and_then(Value::as_array)
            .unwrap_or_else(|| panic!("the manifest has no list at {pointer}"))
    }
}
