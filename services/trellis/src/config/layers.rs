//! Where settings come from: the file, then the environment, then the flags; the later wins.

use std::collections::BTreeMap;
use std::path::Path;

use super::issuers::Written;
use super::settings::{Kind, SETTINGS, Setting};
use super::{Refusal, refuse};

/// The values that were given, each with where it was.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    given: BTreeMap<&'static str, Given>,
    /// The issuers that the file has tables for.
    issuers: Vec<Written>,
}

#[derive(Clone, Debug)]
struct Given {
    values: Vec<String>,
    source: String,
}

/// Variables that the client commands and the program itself read; no settings of the server.
const OTHER_VARIABLES: [&str; 3] = ["TRELLIS_CONFIG", "TRELLIS_ENDPOINT", "TRELLIS_TOKEN"];

impl Layers {
    /// Adds what a TOML file says. Keys that are not settings are refused.
    pub fn file(&mut self, path: &Path) -> Result<(), Refusal> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Refusal::new(format!("{shown} cannot be read: {error}.")))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            Refusal::new(format!("{shown} is not TOML: {}", error.message()))
        })?;
        for (key, value) in table {
            if key == "issuers" {
                self.issuers = Written::tables(&value, &shown.to_string())?;
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
                return refuse(format!("{shown}: there is no setting `{key}`{}", nearest(&key)));
            };
            let values = written(setting, &value)
                .ok_or_else(|| Refusal::new(format!("{shown}: `{key}` must be {}.", wanted(setting.kind))))?;
            self.given.insert(setting.key, Given { values, source: shown.to_string() });
        }
        Ok(())
    }

    /// Adds what the environment says. Variables that begin with `TRELLIS_` and are no setting are
    /// refused, but for those that Kubernetes makes for a service named trellis.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), Refusal> {
        for (variable, value) in variables {
            let Some(name) = variable.strip_prefix("TRELLIS_") else { continue };
            if OTHER_VARIABLES.contains(&variable.as_str()) || made_by_kubernetes(name) {
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == variable) else {
                return refuse(format!(
                    "{variable} is set, and there is no such setting{}",
                    nearest(&name.to_ascii_lowercase())
                ));
            };
            let values = match setting.kind {
                Kind::List => value.split(',').map(|part| part.trim().to_owned()).collect(),
                Kind::Text | Kind::Flag | Kind::Number => vec![value],
            };
            self.given.insert(setting.key, Given { values, source: variable });
        }
        Ok(())
    }

    /// Adds a flag's values.
    pub fn flag(&mut self, key: &'static str, values: Vec<String>) {
        debug_assert!(SETTINGS.iter().any(|setting| setting.key == key));
        self.given.insert(key, Given { values, source: format!("--{}", key.replace('_', "-")) });
    }

    /// The value of a setting, and where it was given.
    pub(super) fn one(&self, key: &str) -> Option<(&str, &str)> {
        let given = self.given.get(key)?;
        Some((given.values.first()?.as_str(), &given.source))
    }

    pub(super) fn list(&self, key: &str) -> Option<(&[String], &str)> {
        self.given.get(key).map(|given| (given.values.as_slice(), given.source.as_str()))
    }

    /// The issuers that the file has tables for.
    pub(super) fn issuers(&self) -> &[Written] {
        &self.issuers
    }

    pub(super) fn is_set(&self, key: &str) -> Result<bool, Refusal> {
        match self.one(key) {
            None | Some(("false", _)) => Ok(false),
            Some(("true", _)) => Ok(true),
            Some((_, source)) => refuse(format!("{source}: `{key}` must be true or false.")),
        }
    }
}

fn written(setting: &Setting, value: &toml::Value) -> Option<Vec<String>> {
    match (setting.kind, value) {
        (Kind::Text | Kind::List, toml::Value::String(text)) => Some(vec![text.clone()]),
        (Kind::Flag, toml::Value::Boolean(flag)) => Some(vec![flag.to_string()]),
        (Kind::Number, toml::Value::Integer(number)) => Some(vec![number.to_string()]),
        (Kind::List, toml::Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        }
        _ => None,
    }
}

const fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a text in quotes",
        Kind::Flag => "true or false",
        Kind::Number => "a whole number without quotes",
        Kind::List => "a text in quotes, or a list of them",
    }
}

/// The links that Kubernetes puts into every container beside a Service (`TRELLIS_SERVICE_HOST`,
/// `TRELLIS_PORT`, `TRELLIS_OUTCOME_PORT_50051_TCP`, …). Nobody wrote them, so nobody is told off.
fn made_by_kubernetes(name: &str) -> bool {
    name == "PORT"
        || name.starts_with("PORT_")
        || name.ends_with("_PORT")
        || name.contains("_PORT_")
        || name.ends_with("SERVICE_HOST")
        || name.contains("SERVICE_PORT")
}

fn nearest(key: &str) -> String {
    let (distance, best) = SETTINGS
        .iter()
        .map(|setting| (edits(key, setting.key), setting.key))
        .min()
        .expect("there are settings");
    if distance <= 3 { format!("; did you mean `{best}`?") } else { ".".to_owned() }
}

/// How many letters must change to make one word of the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != b)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[to.len()]
}
