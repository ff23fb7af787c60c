//! Putting a package together, piece by piece, so that nobody holds the whole of it.

use trellis_kernel::Uuid;

use super::{ASSOCIATIONS, DOCUMENT, EXTENSIONS, ITEMS, Json, RUBRICS, definition_sections};

/// What stands in the definitions without being a list of entries begins so.
const IN_DEFINITIONS: &str = "CFDefinitions/";

/// Where in a package the kept entries of a section go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// They belong to what is written as a resource: the framework, its outcomes, its associations.
    Resource,
    /// A section of the definitions that CASE defines.
    Definition,
    /// The rubrics.
    Rubrics,
    /// The extensions of the definitions.
    DefinitionExtensions,
    /// The extensions of the package.
    Extensions,
    /// A list in the definitions that CASE does not define, by its key.
    OtherDefinitions(String),
    /// Something else in the definitions, by its key.
    OtherInDefinitions(String),
    /// Something else at the top of the package, by its key.
    Other(String),
}

/// Where the entries of a section go. `whole` says whether it was kept as one.
pub(crate) fn place(section: &str, whole: bool) -> Place {
    match section {
        DOCUMENT | ITEMS | ASSOCIATIONS => Place::Resource,
        RUBRICS => Place::Rubrics,
        "CFDefinitions/extensions" if whole => Place::DefinitionExtensions,
        EXTENSIONS if whole => Place::Extensions,
        known if definition_sections().any(|section| section == known) => Place::Definition,
        other => {
            let within = other.strip_prefix(IN_DEFINITIONS);
            let key = within.or_else(|| other.strip_prefix('/')).unwrap_or(other).to_owned();
            match (within, whole) {
                (Some(_), true) => Place::OtherInDefinitions(key),
                (None, true) => Place::Other(key),
                (_, false) => Place::OtherDefinitions(key),
            }
        }
    }
}

/// Whether an entry is a section of a framework that was kept as a whole.
pub(crate) fn is_whole(framework: Uuid, section: &str, id: Uuid) -> bool {
    id == Uuid::new_v5(&framework, section.as_bytes())
}

/// A package that is being written.
#[derive(Debug)]
pub(crate) struct Assembly {
    text: String,
    first: bool,
}

impl Assembly {
    /// Begins with the framework.
    pub(crate) fn new(document: &Json) -> Self {
        Self { text: format!("{{\"CFDocument\":{document}"), first: true }
    }

    /// Begins a section at the top.
    pub(crate) fn section(&mut self, key: &str) {
        self.key(",", key);
        self.text.push('[');
        self.first = true;
    }

    /// Begins the definitions.
    pub(crate) fn definitions(&mut self) {
        self.key(",", "CFDefinitions");
        self.text.push('{');
        self.first = true;
    }

    /// Begins a section of the definitions.
    pub(crate) fn definition(&mut self, key: &str) {
        let before = if self.first { "" } else { "," };
        self.key(before, key);
        self.text.push('[');
        self.first = true;
    }

    /// Writes an entry of the section.
    pub(crate) fn entry(&mut self, entry: &Json) {
        if !self.first {
            self.text.push(',');
        }
        self.first = false;
        self.text.push_str(&entry.to_string());
    }

    /// Ends a section.
    pub(crate) fn end(&mut self) {
        self.text.push(']');
        self.first = false;
    }

    /// Ends the definitions, with their extensions.
    pub(crate) fn end_definitions(&mut self, extensions: Option<&Json>) {
        if let Some(extensions) = extensions {
            let before = if self.first { "" } else { "," };
            self.key(before, EXTENSIONS);
            self.text.push_str(&extensions.to_string());
        }
        self.text.push('}');
    }

    /// Ends the package, with its extensions.
    pub(crate) fn finish(&mut self, extensions: Option<&Json>) {
        if let Some(extensions) = extensions {
            self.key(",", EXTENSIONS);
            self.text.push_str(&extensions.to_string());
        }
        self.text.push('}');
    }

    /// What was written since this was last asked.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn key(&mut self, before: &str, key: &str) {
        self.text.push_str(before);
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
    }
}
