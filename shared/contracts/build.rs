//! Compiles the contracts into messages, clients, servers, a descriptor set, and the guarded form of
//! each service (see `src/guard.rs`).

#[path = "build/guards.rs"]
mod guards;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost_reflect::DescriptorPool;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut files = Vec::new();
    proto_files(&root.join("trellis"), &mut files)?;
    files.push(root.join("third_party/google/rpc/error_details.proto"));
    files.sort();
    // Once per directory too, so that a new file is noticed.
    println!("cargo:rerun-if-changed={}", root.display());

    let mut compiler = protox::Compiler::new([root.clone(), root.join("third_party")])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    // The encoded set keeps our own options; the decoded one is only for generating code, since
    // types that do not know an extension drop it, and every rule with it.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("descriptor.bin"), &encoded)?;
    let pool = DescriptorPool::decode(encoded.as_slice())?;

    let mut config = tonic_prost_build::Config::new();
    // Ordered, so that a message is encoded, and so fingerprinted, the same way each time.
    config.bytes(["."]).btree_map(["."]);
    let mut builder = tonic_prost_build::configure().build_transport(false);
    for message in pool.all_messages().filter(|m| m.package_name().starts_with("trellis.")) {
        let name = message.full_name();
        builder = builder.type_attribute(name, "#[derive(::prost_reflect::ReflectMessage)]").type_attribute(
            name,
            format!(
                "#[prost_reflect(message_name = \"{name}\", descriptor_pool = \"crate::DESCRIPTOR_POOL\")]"
            ),
        );
    }
    for message in guards::PREPARED {
        builder = builder.extern_path(format!(".{message}"), guards::prepared(message));
    }
    builder.compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    fs::write(out.join("packages.rs"), guards::generate(&pool))?;
    Ok(())
}

fn proto_files(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            proto_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    Ok(())
}
