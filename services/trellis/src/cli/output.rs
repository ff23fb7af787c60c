//! How a command tells what it did.

use clap::ValueEnum;
use prost_reflect::ReflectMessage;
use prost_reflect::SerializeOptions;

use super::Stop;

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person.
    #[default]
    Text,
    /// For a script: JSON on standard output.
    Json,
}

/// A message in protobuf's JSON, as grpcurl prints it.
pub(super) fn json(message: &impl ReflectMessage) -> Result<String, Stop> {
    let mut out = Vec::new();
    let mut writer = serde_json::Serializer::pretty(&mut out);
    message
        .transcode_to_dynamic()
        .serialize_with_options(&mut writer, &SerializeOptions::new())
        .map_err(Stop::failed)?;
    String::from_utf8(out).map_err(Stop::failed)
}
