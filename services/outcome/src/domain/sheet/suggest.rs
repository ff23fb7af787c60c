//! What the columns of a spreadsheet seem to mean: to be looked at and corrected by a person.

use super::{Column, Field, Hierarchy, Mapping, Row, Table};

/// How many rows are looked at.
const LOOKED_AT: usize = 50;

/// Words that people put over columns, in English and Spanish.
const WORDS: &[(Field, &[&str])] = &[
    (Field::Id, &["id", "uid", "guid", "uuid", "identifier", "identificador"]),
    (Field::Code, &["code", "human coding scheme", "coding scheme", "standard code", "codigo", "código"]),
    (Field::ParentId, &["parent id", "parent identifier", "parent guid"]),
    (
        Field::ParentCode,
        &["parent code", "parent", "is child of", "ischildof", "codigo padre", "código padre", "padre"],
    ),
    (Field::Level, &["level", "depth", "nivel", "profundidad"]),
    (Field::Numbering, &["numbering", "number", "no.", "nr.", "#", "numero", "número"]),
    (Field::Kind, &["kind", "knowledge skill or mindset", "ksm", "tipo de resultado"]),
    (Field::Type, &["type", "item type", "cfitemtype", "tipo"]),
    (
        Field::Statement,
        &[
            "statement",
            "full statement",
            "fullstatement",
            "outcome",
            "competency",
            "competence",
            "standard",
            "description",
            "text",
            "enunciado",
            "competencia",
            "descripción",
            "descripcion",
        ],
    ),
    (
        Field::Abbreviated,
        &[
            "abbreviated statement",
            "abbreviatedstatement",
            "short name",
            "short",
            "name",
            "title",
            "título",
            "titulo",
            "nombre",
        ],
    ),
    (Field::Notes, &["notes", "note", "comment", "comments", "notas", "nota", "comentarios"]),
    (
        Field::EducationLevels,
        &["education levels", "education level", "educationlevel", "grade", "grades", "grado", "grados"],
    ),
    (
        Field::ConceptKeywords,
        &["concept keywords", "conceptkeywords", "keywords", "concepts", "palabras clave", "conceptos"],
    ),
    (Field::ListEnumeration, &["list enumeration", "listenumeration"]),
    (Field::Language, &["language", "idioma"]),
    (Field::ListOrder, &["list order", "order", "sequence", "sequence number", "orden"]),
    (Field::ValidFrom, &["valid from", "start date", "statusstartdate"]),
    (Field::ValidUntil, &["valid until", "end date", "statusenddate"]),
];

/// What the columns of a table seem to mean, its headers standing in a row.
pub(crate) fn suggest(table: &Table, header: &Row) -> Mapping {
    let rows = || table.rows.iter().filter(|row| row.number > header.number).take(LOOKED_AT);
    let mut columns: Vec<Column> = Vec::new();
    // What an export writes goes before other words; of two columns that seem to mean one thing the first.
    for known in [Field::of_header, by_word] {
        for (index, text) in header.cells.iter().enumerate() {
            let Some((field, qualifier)) = meaning(text, known) else { continue };
            let new = |other: &Column| {
                other.index != index && (other.field != field || other.qualifier != qualifier)
            };
            if columns.iter().all(new) {
                columns.push(Column { index, field, qualifier });
            }
        }
    }
    if columns.iter().all(|column| column.field != Field::Statement) {
        let free =
            (0..header.cells.len()).filter(|index| columns.iter().all(|column| column.index != *index));
        let length = |index: &usize| rows().map(|row| row.cell(*index).len()).sum::<usize>();
        // The first of the longest.
        let longest = free.rev().max_by_key(length).filter(|index| length(index) > 0);
        if let Some(index) = longest {
            columns.push(Column { index, field: Field::Statement, qualifier: String::new() });
        }
    }
    columns.sort_by_key(|column| column.index);
    let mut mapping = Mapping { columns, header_row: header.number, ..Mapping::default() };
    let indented = |column: &Column| rows().any(|row| row.cell(column.index).starts_with([' ', '\t']));
    mapping.hierarchy = if mapping.column(Field::ParentId).or(mapping.column(Field::ParentCode)).is_some() {
        Hierarchy::Parent
    } else if mapping.column(Field::Level).is_some() {
        Hierarchy::Level
    } else if mapping.column(Field::Numbering).is_some() {
        Hierarchy::Numbering
    } else if mapping.column(Field::Statement).is_some_and(indented) {
        Hierarchy::Indentation
    } else {
        Hierarchy::Unstated
    };
    mapping
}

/// What a header means: `statement@es` is the statement in Spanish.
fn meaning(header: &str, known: fn(&str) -> Option<Field>) -> Option<(Field, String)> {
    let (word, qualifier) = header.trim().split_once('@').unwrap_or((header.trim(), ""));
    let field = known(&word.trim().to_lowercase())?;
    let qualifier = qualifier.trim();
    let fits = match field {
        Field::ExternalId => !qualifier.is_empty() && qualifier.chars().count() <= 100,
        _ if field.is_text() => qualifier.is_empty() || is_language(qualifier),
        _ => qualifier.is_empty(),
    };
    fits.then(|| (field, qualifier.to_owned()))
}

fn by_word(word: &str) -> Option<Field> {
    let spaced = word.replace(['_', '-'], " ");
    WORDS.iter().find(|(_, words)| words.contains(&spaced.as_str())).map(|(field, _)| *field)
}

/// Whether it has the form of a BCP 47 tag.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().is_some_and(|primary| {
        (2..=8).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let sub =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 35 && primary && parts.all(sub)
}
