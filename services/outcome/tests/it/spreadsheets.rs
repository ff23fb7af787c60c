//! Outcomes by spreadsheet, in and out.

use std::collections::BTreeMap;

use tokio_stream::StreamExt as _;
use tonic::{Code, Status};
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::{
    CreateFrameworkFromTemplateRequest, ExportSpreadsheetRequest, Framework, FrameworkKind,
    FrameworkTransferCounts, ImportSpreadsheetRequest, ImportSpreadsheetResponse, ListAssociationsRequest,
    ListDescendantsRequest, ListFrameworkTemplatesRequest, OutcomeKind, PreviewSpreadsheetRequest,
    SpreadsheetColumn, SpreadsheetField, SpreadsheetHierarchy, SpreadsheetMapping, SpreadsheetPreview,
};
use trellis_testkit::on_each_database;

use crate::support::{Clients, DISTRICT, beginning, english, fixture};

fn mapping(fields: &[SpreadsheetField], hierarchy: SpreadsheetHierarchy) -> SpreadsheetMapping {
    let columns = (1..).zip(fields).map(|(column, field)| SpreadsheetColumn {
        column,
        field: (*field).into(),
        ..SpreadsheetColumn::default()
    });
    SpreadsheetMapping {
        columns: columns.collect(),
        hierarchy: hierarchy.into(),
        default_language: "en".to_owned(),
        ..SpreadsheetMapping::default()
    }
}

/// Code, parent, kind and statement.
fn simple() -> SpreadsheetMapping {
    use SpreadsheetField::{Code, Kind, ParentCode, Statement};
    mapping(&[Code, ParentCode, Kind, Statement], SpreadsheetHierarchy::Parent)
}

fn new() -> ImportSpreadsheetRequest {
    let framework = Framework {
        kind: FrameworkKind::PortraitOfAGraduate.into(),
        title: english("Portrait of a graduate"),
        ..Framework::default()
    };
    ImportSpreadsheetRequest {
        parent: DISTRICT.to_owned(),
        new_framework: Some(framework),
        mapping: Some(simple()),
        ..ImportSpreadsheetRequest::default()
    }
}

fn into(framework: &str) -> ImportSpreadsheetRequest {
    ImportSpreadsheetRequest { framework: framework.to_owned(), new_framework: None, ..new() }
}

async fn import(
    clients: &mut Clients,
    first: ImportSpreadsheetRequest,
    document: &[u8],
) -> Result<ImportSpreadsheetResponse, Status> {
    let chunks: Vec<ImportSpreadsheetRequest> = document
        .chunks(100_000)
        .map(|chunk| ImportSpreadsheetRequest {
            chunk: chunk.to_vec().into(),
            ..ImportSpreadsheetRequest::default()
        })
        .collect();
    let stream = tokio_stream::iter(std::iter::once(first).chain(chunks));
    clients.authoring.import_spreadsheet(stream).await.map(tonic::Response::into_inner)
}

async fn imported(
    clients: &mut Clients,
    first: ImportSpreadsheetRequest,
    document: &str,
) -> ImportSpreadsheetResponse {
    let done = import(clients, first, document.as_bytes()).await.expect("read");
    assert_eq!((done.state(), &done.issues[..]), (JobState::Succeeded, &[][..]));
    done
}

async fn preview(
    clients: &mut Clients,
    framework: &str,
    document: &[u8],
) -> Result<SpreadsheetPreview, Status> {
    let first = PreviewSpreadsheetRequest {
        parent: DISTRICT.to_owned(),
        framework: framework.to_owned(),
        chunk: document.to_vec().into(),
        ..PreviewSpreadsheetRequest::default()
    };
    clients.authoring.preview_spreadsheet(tokio_stream::once(first)).await.map(tonic::Response::into_inner)
}

async fn export(clients: &mut Clients, name: &str) -> Vec<u8> {
    let request = ExportSpreadsheetRequest { name: name.to_owned(), byte_order_mark: true };
    let mut parts = clients.authoring.export_spreadsheet(request).await.expect("a document").into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        bytes.extend_from_slice(&part.expect("a part").chunk);
    }
    bytes
}

/// That an answer is a refusal of a reason.
fn refused<T>(answer: Result<T, Status>, code: Code, reason: &str) {
    trellis_testkit::refused(answer.map(tonic::Response::new), code, reason);
}

/// The codes of a framework as its tree is read, each with its depth.
async fn tree(clients: &mut Clients, framework: &str) -> Vec<(i32, String)> {
    let request = ListDescendantsRequest { parent: framework.to_owned(), max_depth: 0 };
    let tree = clients.outcomes.list_descendants(request).await.expect("a tree").into_inner();
    let tree = tree.map(|node| node.expect("a node"));
    tree.map(|node| (node.depth, node.outcome.expect("an outcome").code)).collect().await
}

fn counts(done: &ImportSpreadsheetResponse) -> FrameworkTransferCounts {
    done.outcomes.expect("counts")
}

const SHEET: &str = "Code,Parent,Kind,Statement\n\
    S,,Skill,Makes things with others\n\
    S.1,S,skill,Listens\n\
    S.2,S,skill,Builds\n\
    M,,Mindset,Cares\n";

on_each_database!(
    async fn a_sheet_makes_a_framework_and_a_second_time_changes_nothing(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let done = imported(&mut clients, new(), SHEET).await;
        assert_eq!(
            counts(&done),
            FrameworkTransferCounts { read: 4, created: 4, ..FrameworkTransferCounts::default() }
        );
        let framework = done.framework.expect("a framework");
        assert_eq!((framework.outcome_count, framework.association_count), (4, 4));
        assert_eq!(clients.framework(&framework.name).await, framework);
        let owned = |depth: i32, code: &str| (depth, code.to_owned());
        let want = [owned(1, "S"), owned(2, "S.1"), owned(2, "S.2"), owned(1, "M")];
        assert_eq!(tree(&mut clients, &framework.name).await, want);

        let again = imported(&mut clients, into(&framework.name), SHEET).await;
        assert!(!again.changed);
        assert_eq!(
            counts(&again),
            FrameworkTransferCounts { read: 4, unchanged: 4, ..FrameworkTransferCounts::default() }
        );
        assert_eq!(clients.framework(&framework.name).await, framework, "not even its etag");

        // One moves, one changes, one is new; what the sheet leaves out stays.
        let other = "Code,Parent,Kind,Statement\nS.2,M,skill,Builds\nS.1,S,skill,Listens well\nK,,knowledge,Knows rivers\n";
        let dry = ImportSpreadsheetRequest { dry_run: true, ..into(&framework.name) };
        let dry = imported(&mut clients, dry, other).await;
        assert_eq!((dry.changed, clients.framework(&framework.name).await), (true, framework.clone()));
        let done = imported(&mut clients, into(&framework.name), other).await;
        let want =
            FrameworkTransferCounts { read: 3, created: 1, updated: 2, ..FrameworkTransferCounts::default() };
        assert_eq!((counts(&done), counts(&dry)), (want, want));
        let want = [owned(1, "S"), owned(2, "S.1"), owned(1, "M"), owned(2, "S.2"), owned(1, "K")];
        assert_eq!(tree(&mut clients, &framework.name).await, want);
        let list =
            ListAssociationsRequest { parent: framework.name.clone(), ..ListAssociationsRequest::default() };
        let list = clients.associations.list_associations(list).await.expect("a list").into_inner();
        assert_eq!(list.associations.len(), 5, "each outcome stands in one place");
        let published = clients.publish(&framework.name).await;
        assert_eq!((published.outcome_count, published.association_count), (5, 5));
    }
);

on_each_database!(
    async fn one_row_that_cannot_be_taken_and_nothing_is_written(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = imported(&mut clients, new(), SHEET).await.framework.expect("a framework");
        for (document, code, row) in [
            ("Code,Parent,Kind,Statement\nA,,skill,Good\nB,,magic,Bad\n", "KIND_UNKNOWN", 3),
            ("Code,Parent,Kind,Statement\nA,,skill,Good\nB,,,Bad\n", "KIND_MISSING", 3),
            ("Code,Parent,Kind,Statement\nA,,skill,Good\nB,,skill,\n", "STATEMENT_MISSING", 3),
            ("Code,Parent,Kind,Statement\nA,,skill,Good\nA,,skill,Again\n", "KEY_REPEATED", 3),
            ("Code,Parent,Kind,Statement\nA,,skill,Good\n,,skill,No code\n", "KEY_MISSING", 3),
            ("Code,Parent,Kind,Statement\nA,,skill,Good\nB,Z,skill,Bad\n", "PARENT_UNKNOWN", 3),
            ("Code,Parent,Kind,Statement\nA,C,skill,x\nB,A,skill,y\nC,B,skill,z\n", "CYCLE_DETECTED", 3),
            ("Code,Parent,Kind,Statement\nA,,skill,Good\nS,S.1,skill,Below its own\n", "CYCLE_DETECTED", 3),
        ] {
            let done = import(&mut clients, into(&framework.name), document.as_bytes()).await.expect("read");
            assert_eq!((done.state(), done.changed), (JobState::Failed, false), "{code}");
            assert_eq!(done.issue_count, 1, "{code}");
            assert_eq!((done.issues[0].code.as_str(), done.issues[0].row), (code, row));
        }
        assert_eq!(clients.framework(&framework.name).await, framework);
        let bad = "Code,Parent,Kind,Statement\nB,,magic,Bad\n";
        let done = import(&mut clients, new(), bad.as_bytes()).await.expect("read");
        assert_eq!((done.state(), done.framework), (JobState::Failed, None));
    }
);

on_each_database!(
    async fn what_is_exported_is_imported_again_byte_for_byte(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let list = ListFrameworkTemplatesRequest {
            parent: DISTRICT.to_owned(),
            ..ListFrameworkTemplatesRequest::default()
        };
        let templates = clients.authoring.list_framework_templates(list).await.expect("a list").into_inner();
        for template in templates.framework_templates {
            let request = CreateFrameworkFromTemplateRequest {
                parent: DISTRICT.to_owned(),
                template: template.name,
                ..CreateFrameworkFromTemplateRequest::default()
            };
            let made =
                clients.authoring.create_framework_from_template(request).await.expect("made").into_inner();
            let bytes = export(&mut clients, &made.name).await;
            assert!(bytes.starts_with(b"\xEF\xBB\xBFid,code,parent_id,kind,type,statement@en"));
            let seen = preview(&mut clients, &made.name, &bytes).await.expect("read");
            assert!(!seen.refused);
            assert_eq!(seen.outcomes.expect("counts").unchanged, made.outcome_count, "{}", template.code);

            let mapping = seen.suggested_mapping;
            let request = ImportSpreadsheetRequest { mapping: mapping.clone(), ..into(&made.name) };
            let again = import(&mut clients, request, &bytes).await.expect("read");
            assert_eq!((again.state(), again.changed), (JobState::Succeeded, false));
            let other = ImportSpreadsheetRequest { mapping, ..new() };
            let other = import(&mut clients, other, &bytes).await.expect("read");
            let other = other.framework.expect("a framework");
            assert_eq!(export(&mut clients, &other.name).await, bytes);
            let pinned = clients.publish(&other.name).await;
            assert_eq!(export(&mut clients, &pinned.name).await, bytes, "a revision is exported, too");
        }
    }
);

on_each_database!(
    async fn a_preview_says_what_the_columns_seem_to_mean_and_writes_nothing(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let seen = preview(&mut clients, "", SHEET.as_bytes()).await.expect("read");
        assert_eq!((seen.header_row, seen.row_count, seen.refused), (1, 4, false));
        assert_eq!(seen.outcomes.expect("counts").created, 4);
        assert_eq!((seen.headers[3].letter.as_str(), seen.headers[3].text.as_str()), ("D", "Statement"));
        assert_eq!((seen.samples[1].row, seen.samples[1].cells[3].as_str()), (3, "Listens"));
        let mapping = seen.suggested_mapping.expect("a mapping");
        assert_eq!(mapping.hierarchy(), SpreadsheetHierarchy::Parent);
        let fields: Vec<SpreadsheetField> = mapping.columns.iter().map(SpreadsheetColumn::field).collect();
        let named: Vec<&str> =
            fields.iter().map(SpreadsheetField::as_str_name).map(|name| &name[18..]).collect();
        assert_eq!(named, ["CODE", "PARENT_CODE", "KIND", "STATEMENT"]);

        let framework = imported(&mut clients, new(), SHEET).await.framework.expect("a framework");
        let other = "Code,Parent,Kind,Statement\nS.1,M,skill,Listens\nN,,knowledge,New\n";
        let seen = preview(&mut clients, &framework.name, other.as_bytes()).await.expect("read");
        let changes: Vec<(i32, bool, usize)> = seen
            .changes
            .iter()
            .map(|change| (change.row, change.outcome.is_empty(), change.fields.len()))
            .collect();
        // Its text is in no stated language here and in English there.
        assert_eq!(changes[0].0, 2);
        assert!(seen.changes[0].fields.contains(&"parent_outcome".to_owned()));
        assert!(changes[1].1, "the second makes a new one");
        assert_eq!(clients.framework(&framework.name).await, framework);
    }
);

on_each_database!(
    async fn the_same_request_again_imports_nothing_more(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let request_id = "0195c000-0000-7000-8000-00000000f002".to_owned();
        let request = ImportSpreadsheetRequest { request_id, ..new() };
        let first = import(&mut clients, request.clone(), SHEET.as_bytes()).await.expect("read");
        let again = import(&mut clients, request.clone(), SHEET.as_bytes()).await.expect("read");
        assert_eq!(first, again);
        let other = import(&mut clients, request, SHEET.replace("Cares", "Dares").as_bytes()).await;
        refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        let framework = first.framework.expect("a framework");
        let stale = ImportSpreadsheetRequest { etag: framework.etag.clone(), ..into(&framework.name) };
        imported(&mut clients, stale.clone(), &SHEET.replace("Cares", "Dares")).await;
        let stale = import(&mut clients, stale, SHEET.as_bytes()).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");
    }
);

on_each_database!(
    async fn what_cannot_be_read_or_meant_is_refused(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let utf16: Vec<u8> = SHEET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for broken in [&utf16[..], b"Code,Statement\nA,Fa\xE7ade\n", b"PK\x03\x04 no archive", b"", b"\n\n"] {
            let answer = import(&mut clients, new(), broken).await;
            refused(answer, Code::InvalidArgument, "DOCUMENT_MALFORMED");
        }
        let large = vec![b'x'; 17 * 1024 * 1024];
        refused(import(&mut clients, new(), &large).await, Code::ResourceExhausted, "DOCUMENT_TOO_LARGE");
        let many = format!("Code\n{}", "x\n".repeat(100_002));
        refused(
            preview(&mut clients, "", many.as_bytes()).await,
            Code::ResourceExhausted,
            "DOCUMENT_TOO_LARGE",
        );

        let framework = imported(&mut clients, new(), SHEET).await.framework.expect("a framework");
        let pinned = clients.publish(&framework.name).await;
        let answer = import(&mut clients, into(&pinned.name), SHEET.as_bytes()).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        let elsewhere = into(&framework.name.replace(DISTRICT, "districts/elsewhere"));
        refused(
            import(&mut clients, elsewhere, SHEET.as_bytes()).await,
            Code::NotFound,
            "RESOURCE_NOT_FOUND",
        );
        let both = ImportSpreadsheetRequest { framework: framework.name.clone(), ..new() };
        refused(import(&mut clients, both, SHEET.as_bytes()).await, Code::InvalidArgument, "FIELD_VIOLATION");
        let none = ImportSpreadsheetRequest { mapping: None, ..into(&framework.name) };
        refused(import(&mut clients, none, SHEET.as_bytes()).await, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn an_imported_package_gets_its_kinds_by_a_sheet_and_keeps_its_tree(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let done = clients.import(beginning(), fixture("mockIT.json")).await.expect("taken").into_inner();
        let before = tree(&mut clients, &done.framework).await;
        let bytes = String::from_utf8(export(&mut clients, &done.framework).await).expect("UTF-8");
        let seen = preview(&mut clients, &done.framework, bytes.as_bytes()).await.expect("read");
        assert_eq!(seen.outcomes.expect("counts").unchanged, 19, "also those without a kind");
        let mut mapping = seen.suggested_mapping.expect("a mapping");
        mapping.kind_words = BTreeMap::from([("todo".to_owned(), OutcomeKind::Knowledge.into())]);
        let kind = mapping.columns.iter().find(|column| column.field() == SpreadsheetField::Kind);
        assert_eq!(kind.map(|column| column.column), Some(4));
        let mut filled = String::new();
        for (line, row) in bytes.split_inclusive("\r\n").enumerate() {
            let mut cells: Vec<&str> = row.splitn(5, ',').collect();
            if line > 0 && cells.len() == 5 && cells[3].is_empty() && cells[0].len() == 36 {
                cells[3] = "TODO";
            }
            filled.push_str(&cells.join(","));
        }
        let request = ImportSpreadsheetRequest { mapping: Some(mapping), ..into(&done.framework) };
        let sheet = imported(&mut clients, request, &filled).await;
        assert!(counts(&sheet).updated > 0);
        assert_eq!(tree(&mut clients, &done.framework).await, before);
        let again = clients.import(beginning(), fixture("mockIT.json")).await.expect("taken").into_inner();
        assert!(!again.changed, "a kind set here stays");
    }
);
