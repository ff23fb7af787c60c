use std::io::{Cursor, Write as _};

use jiff::civil::date;
use proptest::prelude::*;
use trellis_kernel::{Clock as _, District, SystemClock, Uuid};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::{Outcome, OutcomeContent, OutcomeKind};
use crate::domain::text::{ExternalId, Text};

/// A table of text, and what its columns seem to mean.
fn table(text: &str) -> (Table, Row, Mapping) {
    let table = read(text.as_bytes(), 0).expect("a table");
    let header = table.rows[0].clone();
    let mapping = suggest(&table, &header);
    (table, header, mapping)
}

fn above(text: &str, hierarchy: Hierarchy) -> (Vec<Above>, Vec<Issue>) {
    let (table, header, mapping) = table(text);
    let (entries, issues) = entries(&table, &header, &Mapping { hierarchy, ..mapping });
    (entries.into_iter().map(|entry| entry.above).collect(), issues)
}

fn codes(issues: &[Issue]) -> Vec<(&str, u32, u32)> {
    issues.iter().map(|issue| (issue.code.as_ref(), issue.row, issue.column)).collect()
}

/// A workbook of one sheet, whose rows are given as XML.
fn workbook(rows: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let files = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relation}\"><sheets><sheet name=\"Outcomes\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{relation}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn text_cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

#[test]
fn text_is_read_whatever_stands_between_its_cells() {
    for (text, mark) in [
        ("code,statement\nA,One\n", ""),
        ("code;statement\r\nA;One", "\u{FEFF}"),
        ("code\tstatement\nA\tOne", ""),
    ] {
        let (table, _, mapping) = table(&format!("{mark}{text}"));
        assert_eq!(table.rows[1], Row { number: 2, cells: vec!["A".to_owned(), "One".to_owned()] });
        let fields: Vec<Field> = mapping.columns.iter().map(|column| column.field).collect();
        assert_eq!(fields, [Field::Code, Field::Statement]);
    }
}

#[test]
fn rows_are_counted_as_a_spreadsheet_counts_them() {
    let (table, ..) = table("code,statement\n\nA,\"One\nover two lines\"\n,\nB,Two\n");
    let numbers: Vec<u32> = table.rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 3, 5], "blank rows are counted and left out");
}

#[test]
fn other_encodings_are_refused_with_what_to_do() {
    let utf16: Vec<u8> = "\u{FEFF}code,statement".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(read(&utf16, 0).expect_err("UTF-16").text.contains("UTF-16"));
    assert!(read(&utf16[2..], 0).expect_err("UTF-16 without its mark").text.contains("UTF-16"));
    let refusal = read(b"code,statement\nA,Fa\xE7ade\n", 0).expect_err("Windows-1252");
    assert!(refusal.text.contains("Windows-1252") && refusal.row == 2 && !refusal.too_large);
    assert!(read(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1], 0).expect_err("XLS").text.contains("XLS"));
}

#[test]
fn what_passes_a_limit_is_refused() {
    let many = format!("statement\n{}", "x\n".repeat(1_000_000));
    let refusal = read(many.as_bytes(), 0).expect_err("a million rows");
    assert!(refusal.too_large && refusal.row == 100_002);
    let most = format!("statement\n{}", "x\n".repeat(MAX_ROWS));
    assert_eq!(read(most.as_bytes(), 0).expect("the most").rows.len(), MAX_ROWS + 1);
    let wide = format!("{}x\n", "x,".repeat(MAX_COLUMNS));
    assert!(read(wide.as_bytes(), 0).expect_err("too wide").too_large);
    let empty = format!("{}x\n", ",".repeat(MAX_COLUMNS - 1)).repeat(20_000);
    assert!(read(empty.as_bytes(), 0).expect_err("too many empty cells").too_large);
}

#[test]
fn ragged_rows_nul_and_long_cells_are_issues_of_their_rows() {
    let long = "x".repeat(MAX_CELL + 1);
    let text = format!("code,statement\nA,One,surplus\nB\nC,a\0b\nD,{long}\n");
    let (table, header, mapping) = table(&text);
    let (entries, issues) = entries(&table, &header, &mapping);
    assert_eq!(entries.len(), 4);
    assert_eq!(codes(&issues), [("ROW_TOO_LONG", 2, 3), ("CELL_NUL", 4, 2), ("CELL_TOO_LONG", 5, 2)]);
}

#[test]
fn wrong_cells_are_told_with_row_and_column_and_never_quoted() {
    let text = "id,code,kind,statement,language,list_order,valid_from\n\
        x,A,skilful,One,english language,-1,2026-02-30\n";
    let (table, header, mapping) = table(text);
    let (_, issues) = entries(&table, &header, &mapping);
    let want = [
        ("ID_MALFORMED", 2, 1),
        ("KIND_UNKNOWN", 2, 3),
        ("LANGUAGE_UNKNOWN", 2, 5),
        ("ORDER_MALFORMED", 2, 6),
        ("DAY_MALFORMED", 2, 7),
    ];
    assert_eq!(codes(&issues), want);
    assert!(issues.iter().all(|issue| !issue.text.contains("skilful")));
}

#[test]
fn kinds_are_known_by_words_of_ones_own_too() {
    let (table, header, mut mapping) = table("code,kind,statement\nA,Habilidad,One\nB,Dispositions,Two\n");
    mapping.kind_words.insert("dispositions".to_owned(), OutcomeKind::Mindset);
    let (entries, issues) = entries(&table, &header, &mapping);
    assert_eq!(codes(&issues), []);
    let kinds: Vec<OutcomeKind> =
        entries.iter().map(|entry| entry.apply(OutcomeContent::default()).kind).collect();
    assert_eq!(kinds, [OutcomeKind::Skill, OutcomeKind::Mindset]);
}

#[test]
fn levels_indentation_and_numbers_each_build_the_tree() {
    let want = vec![Above::Top, Above::Row(0), Above::Row(1), Above::Row(0), Above::Top];
    let levels = "level,statement\n1,a\n2,b\n3,c\n2,d\n1,e\n";
    assert_eq!(above(levels, Hierarchy::Level), (want.clone(), Vec::new()));
    let indented = "code,statement\n1,a\n2,  b\n3,\"    c\"\n4,  d\n5,e\n";
    assert_eq!(above(indented, Hierarchy::Indentation), (want.clone(), Vec::new()));
    let numbers = "numbering,statement\n1,a\n1.2,b\n1.2.a),c\n1.10.,d\n2,e\n";
    assert_eq!(above(numbers, Hierarchy::Numbering), (want, Vec::new()));
    let (_, issues) = above("level,statement\n1,a\n3,b\nx,c\n", Hierarchy::Level);
    assert_eq!(codes(&issues), [("LEVEL_SKIPPED", 3, 0), ("LEVEL_MALFORMED", 4, 0)]);
    let (_, issues) = above("numbering,statement\n1,a\n1.,b\n,c\n", Hierarchy::Numbering);
    assert_eq!(codes(&issues), [("NUMBER_REPEATED", 3, 0), ("NUMBER_MISSING", 4, 0)]);
}

#[test]
fn the_headers_of_others_are_understood_as_far_as_they_go() {
    let (_, _, mapping) =
        table("Description,Human Coding Scheme,Competency,Parent,Grade,statement@es,Color\n");
    let found: Vec<(usize, Field, &str)> = mapping
        .columns
        .iter()
        .map(|column| (column.index, column.field, column.qualifier.as_str()))
        .collect();
    let want = [
        (0, Field::Statement, ""),
        (1, Field::Code, ""),
        (3, Field::ParentCode, ""),
        (4, Field::EducationLevels, ""),
        (5, Field::Statement, "es"),
    ];
    assert_eq!((found.as_slice(), mapping.hierarchy), (&want[..], Hierarchy::Parent));
    let (_, _, mapping) = table("A,B,C\n1,the longest of all these texts,x\n");
    assert_eq!(mapping.column(Field::Statement).map(|column| column.index), Some(1));
}

#[test]
fn a_mapping_that_cannot_be_meant_is_refused() {
    let (_, _, mapping) = table("code,statement\n");
    mapping.check(true).expect("sound");
    let column = |index, field, qualifier: &str| Column { index, field, qualifier: qualifier.to_owned() };
    let with = |new: Column| {
        let mut mapping = mapping.clone();
        mapping.columns.push(new);
        mapping
    };
    let fields = |mapping: Mapping, existing| {
        let failure = mapping.check(existing).expect_err("refused");
        failure.violations()[0].field.clone()
    };
    assert_eq!(fields(with(column(1, Field::Notes, "")), true), "mapping.columns[2].column");
    assert_eq!(fields(with(column(2, Field::Statement, "und")), true), "mapping.columns[2].field");
    assert_eq!(fields(with(column(2, Field::ExternalId, "")), true), "mapping.columns[2].system");
    let level = Mapping { hierarchy: Hierarchy::Level, ..mapping.clone() };
    assert_eq!(fields(level, true), "mapping.hierarchy");
    let only = |field| Mapping { columns: vec![column(0, field, "")], ..Mapping::default() };
    assert_eq!(fields(only(Field::Statement), true), "mapping.columns");
    assert_eq!(fields(only(Field::Code), false), "mapping.columns");
}

#[test]
fn a_workbook_is_read_with_merged_headers_formulas_and_days() {
    let rows = [
        format!("<row r=\"1\">{}{}</row>", text_cell("A1", "code"), text_cell("C1", "statement")),
        format!(
            "<row r=\"3\"><c r=\"A3\"><v>3</v></c><c r=\"B3\"><f>1+1</f><v>2</v></c>{}</row>",
            text_cell("C3", "'=kept as text")
        ),
        "<row r=\"4\"><c r=\"A4\" t=\"e\"><v>#REF!</v></c><c r=\"C4\"><v>1.5</v></c></row>".to_owned(),
    ];
    let table = read(&workbook(&rows.concat()), 1).expect("a workbook");
    assert_eq!((table.format, table.sheets.as_slice()), (Format::Xlsx, &["Outcomes".to_owned()][..]));
    let read: Vec<(u32, Vec<&str>)> =
        table.rows.iter().map(|row| (row.number, row.cells.iter().map(String::as_str).collect())).collect();
    let want =
        [(1, vec!["code", "", "statement"]), (3, vec!["3", "2", "'=kept as text"]), (4, vec!["", "", "1.5"])];
    assert_eq!(read, want);
    assert_eq!(codes(&table.issues), [("CELL_ERROR", 4, 1)]);
    let mapping = suggest(&table, &table.rows[0]);
    let (entries, _) = entries(&table, &table.rows[0], &mapping);
    let content = entries[0].apply(OutcomeContent::default());
    assert_eq!(content.statement[0].text, "=kept as text");
}

#[test]
fn a_broken_workbook_and_a_bomb_are_refused() {
    let whole = workbook(&format!("<row r=\"1\">{}</row>", text_cell("A1", "statement")));
    assert!(read(&whole, 2).expect_err("no second sheet").text.contains("no sheet"));
    for length in (4..whole.len()).step_by(7) {
        assert!(read(&whole[..length], 0).is_err(), "cut after {length} bytes");
    }
    for place in 4..whole.len() {
        let mut broken = whole.clone();
        broken[place] ^= 0x55;
        drop(read(&broken, 0));
    }
    let far = format!("<row r=\"1\">{}</row>", text_cell("XFD1048576", "far"));
    assert!(read(&workbook(&far), 0).expect_err("too far to the right").too_large);
    let bomb = workbook(&" ".repeat(140 * 1024 * 1024));
    assert!(bomb.len() < 1024 * 1024);
    assert!(read(&bomb, 0).expect_err("a bomb").too_large);
}

fn text(language: &'static str) -> impl Strategy<Value = Vec<Text>> {
    // What a person may write, and what a spreadsheet would take for something else.
    let words =
        prop_oneof!["[a-zñ ,;\"'\n]{1,12}[a-z]", "['=+@\\-\t]{1,3}[a-z]", "[\u{1F600}-\u{1F64F}ا-ي]{1,4}"];
    words.prop_map(move |text| vec![Text { language: language.to_owned(), text }])
}

prop_compose! {
    fn content()(
        kind in prop_oneof![Just(OutcomeKind::Knowledge), Just(OutcomeKind::Skill), Just(OutcomeKind::Mindset)],
        statement in text("en"),
        spanish in prop::option::of(text("es")),
        notes in prop::option::of(text("en")),
        code in "(|[=A-Z][.A-Z0-9]{0,5})",
        levels in prop::collection::vec("[0-9A-Z;\\\\]{1,3}", 0..3),
        external in prop::option::of("[-=a-z]{1,5}"),
        day in prop::option::of(1_i8..28),
    ) -> OutcomeContent {
        OutcomeContent {
            kind,
            statement: statement.into_iter().chain(spanish.into_iter().flatten()).collect(),
            notes: notes.unwrap_or_default(),
            code,
            item_type: "Competency".to_owned(),
            concept_keywords: levels.iter().rev().cloned().collect(),
            education_levels: levels,
            language: "en".to_owned(),
            valid_from: day.map(|day| date(2026, 3, day)),
            external_ids: external.map(|id| ExternalId { system: "a@b".to_owned(), id }).into_iter().collect(),
            ..OutcomeContent::default()
        }
    }
}

fn exported(outcomes: &[Outcome]) -> Vec<u8> {
    let sheet = Sheet::of(outcomes).expect("few columns");
    let mut bytes = sheet.begin(true).expect("headers");
    for outcome in outcomes {
        bytes.extend(sheet.row(outcome).expect("a row"));
    }
    bytes
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was_and_written_the_same(
        contents in prop::collection::vec((content(), any::<prop::sample::Index>()), 1..12)
    ) {
        let place = FrameworkRef::draft(District::parse("grand-bend").unwrap(), Uuid::from_u128(1));
        let now = SystemClock.now();
        let mut outcomes: Vec<Outcome> = Vec::new();
        for (order, (content, parent)) in (0..).zip(contents) {
            let parent = parent.index(outcomes.len() + 1).checked_sub(1).map(|above| outcomes[above].id);
            let id = Uuid::from_u128(100 + u128::try_from(order).unwrap());
            let outcome = Outcome {
                framework: place.clone(), id, content, parent, list_order: order,
                published: 0, create_time: now, update_time: now, version: 1,
            };
            outcomes.push(outcome);
        }
        let bytes = exported(&outcomes);
        let table = read(&bytes, 0).expect("a table");
        let header = table.rows[0].clone();
        let mapping = suggest(&table, &header);
        let (entries, issues) = entries(&table, &header, &mapping);
        prop_assert_eq!(codes(&issues), vec![]);
        prop_assert_eq!(entries.len(), outcomes.len());
        let mut again = Vec::new();
        for (entry, outcome) in entries.iter().zip(&outcomes) {
            let content = entry.apply(OutcomeContent::default());
            prop_assert_eq!(&content, &outcome.content);
            prop_assert_eq!(&entry.above, &outcome.parent.map_or(Above::Top, Above::Id));
            let id = entry.id.expect("an identity");
            again.push(Outcome { id, content, list_order: entry.order.expect("an order"), ..outcome.clone() });
        }
        prop_assert_eq!(exported(&again), bytes);
    }

    #[test]
    fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), zip in any::<bool>()) {
        let bytes = if zip { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
        if let Ok(table) = read(&bytes, 0)
            && let Some(header) = table.rows.first()
        {
            let mapping = suggest(&table, header);
            drop(entries(&table, header, &mapping));
        }
    }
}
