//! A reason is in the kernel, in the contract and in the documents, or nowhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use trellis_contracts::DESCRIPTOR_POOL;
use trellis_kernel::Reason;

#[test]
fn kernel_contract_and_documents_hold_the_same_reasons() {
    let kernel: BTreeSet<String> = Reason::ALL.iter().map(|reason| reason.as_str().to_owned()).collect();
    let contract: BTreeSet<String> = DESCRIPTOR_POOL
        .get_enum_by_name("trellis.common.v1.ErrorReason")
        .expect("the enum of reasons")
        .values()
        .filter(|value| value.number() != 0)
        .map(|value| value.name().trim_start_matches("ERROR_REASON_").to_owned())
        .collect();
    assert_eq!(kernel, contract);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(&folder).expect("docs/errors") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        if name != "README.md" {
            pages.insert(name.trim_end_matches(".md").to_owned());
        }
    }
    assert_eq!(kernel, pages);

    let index = fs::read_to_string(folder.join("README.md")).expect("the index");
    for reason in &kernel {
        assert!(index.contains(&format!("({reason}.md)")), "docs/errors/README.md does not list {reason}");
    }
}
