//! Grand Bend as it would be today: the source's files with dates of the current school year, with
//! learners in classes, and with those who lead. `demo/README.md` says what is changed and why.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{Cursor, Write as _};

use jiff::civil::Date;

use crate::journey::Sourced;

/// The files of the source, by name.
const FILES: [(&str, &str); 9] = [
    ("academicSessions.csv", include_str!("../../demo/grandbend-1.2/academicSessions.csv")),
    ("classes.csv", include_str!("../../demo/grandbend-1.2/classes.csv")),
    ("courses.csv", include_str!("../../demo/grandbend-1.2/courses.csv")),
    ("demographics.csv", include_str!("../../demo/grandbend-1.2/demographics.csv")),
    ("enrollments.csv", include_str!("../../demo/grandbend-1.2/enrollments.csv")),
    ("manifest.csv", include_str!("../../demo/grandbend-1.2/manifest.csv")),
    ("orgs.csv", include_str!("../../demo/grandbend-1.2/orgs.csv")),
    ("roles.csv", include_str!("../../demo/grandbend-1.2/roles.csv")),
    ("users.csv", include_str!("../../demo/grandbend-1.2/users.csv")),
];

/// The year in which the source's school year begins.
const SOURCE_YEAR: i16 = 2021;
/// In how many periods of a semester a learner is enrolled, where there are classes enough.
const PERIODS: usize = 4;
/// Staff of the source who teach no class, and what they are here.
const LEADERS: [(&str, &str); 4] = [
    ("s-207288", "districtAdministrator"),
    ("s-207266", "principal"),
    ("s-207264", "principal"),
    ("s-207249", "principal"),
];
const ELEMENTARY: &str = "255901107";
const MIDDLE: &str = "255901044";
const HIGH: &str = "255901001";

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;
/// A row, by column.
type Row = BTreeMap<String, String>;

/// The roster as a ZIP of OneRoster 1.2 files, as of the given day, and who of it takes part in the
/// journey.
pub(super) fn grand_bend(today: Date) -> Done<(Vec<u8>, Sourced)> {
    let tables = tables(today)?;
    let cast = cast(&tables, SchoolYear::of(today).semester(today))?;
    let files = tables.iter().map(|(name, table)| Ok((*name, table.write()?)));
    Ok((zip(&files.collect::<Done<Vec<_>>>()?)?, cast))
}

/// A district beside Grand Bend, with one school and one teacher: strangers to everyone there.
pub(super) fn river_bend() -> Done<Vec<u8>> {
    let manifest = FILES.iter().find(|(name, _)| *name == "manifest.csv").map_or("", |(_, text)| text);
    let header = |name: &str| {
        let text = FILES.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| text);
        text.lines().next().unwrap_or_default()
    };
    let users = format!("{}\nr-1,,,true,r-1,,Rhea,Stone,,r-1,,,,,,,,,,,,rb,\n", header("users.csv"));
    let roles = format!("{}\nr-r-1,,,r-1,primary,teacher,,,rb,\n", header("roles.csv"));
    let orgs = format!("{}\nrb,,,River Bend School,school,rb,\n", header("orgs.csv"));
    let mut files = vec![("manifest.csv", manifest.to_owned())];
    files.extend([("users.csv", users), ("roles.csv", roles), ("orgs.csv", orgs)]);
    for name in ["academicSessions.csv", "classes.csv", "courses.csv", "demographics.csv", "enrollments.csv"]
    {
        files.push((name, format!("{}\n", header(name))));
    }
    zip(&files)
}

/// The sourcedId of the teacher there.
pub(super) const STRANGER: &str = "r-1";

fn zip(files: &[(&str, String)]) -> Done<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in files {
        archive.start_file(*name, options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The files as tables, by name.
fn tables(today: Date) -> Done<BTreeMap<&'static str, Table>> {
    let year = SchoolYear::of(today);
    let mut tables = BTreeMap::new();
    for (name, text) in FILES {
        tables.insert(name, Table::read(text)?);
    }
    // From the dates as they are, since ages are counted from the source's own year.
    let enrolled = enrol(&tables)?;
    for session in &mut tables.get_mut("academicSessions.csv").ok_or("no sessions")?.rows {
        year.move_session(session);
    }
    for row in &mut tables.get_mut("demographics.csv").ok_or("no demographics")?.rows {
        year.move_birth(row);
    }
    for row in &mut tables.get_mut("roles.csv").ok_or("no roles")?.rows {
        if let Some((_, role)) = LEADERS.iter().find(|(id, _)| row["userSourcedId"] == *id) {
            row.insert("role".to_owned(), (*role).to_owned());
        }
    }
    let enrollments = &mut tables.get_mut("enrollments.csv").ok_or("no enrolments")?.rows;
    for row in enrollments.iter_mut() {
        year.move_enrollment(row);
    }
    enrollments.extend(enrolled);
    Ok(tables)
}

/// A learner of the high school who has guardians, and those around them.
fn cast(tables: &BTreeMap<&'static str, Table>, semester: &str) -> Done<Sourced> {
    let rows = |name: &str| tables.get(name).map(|table| &table.rows).ok_or("a file is missing");
    let of = |role: &str, school: &str| -> Done<Vec<&str>> {
        let of = rows("roles.csv")?.iter().filter(|r| r["role"] == role && r["orgSourcedId"] == school);
        Ok(of.map(|r| r["userSourcedId"].as_str()).collect())
    };
    let taught: Vec<(&str, &str, &str)> = rows("enrollments.csv")?
        .iter()
        .filter(|r| r["classSourcedId"].ends_with(semester))
        .map(|r| (r["classSourcedId"].as_str(), r["userSourcedId"].as_str(), r["role"].as_str()))
        .collect();
    let learners = of("student", HIGH)?;
    for learner in &learners {
        let guardian = rows("users.csv")?.iter().find(|u| u["sourcedId"] == *learner);
        let guardian = guardian.and_then(|u| u["agentSourcedIds"].split(',').next()).unwrap_or_default();
        let classes = taught.iter().filter(|(_, user, _)| user == learner).map(|(class, ..)| *class);
        for class in classes {
            let of_class =
                |wanted: &'static str| taught.iter().filter(move |(c, _, r)| *c == class && *r == wanted);
            let educator = of_class("teacher").map(|(_, user, _)| *user).next();
            let classmate =
                of_class("student").map(|(_, u, _)| *u).find(|u| u != learner && learners.contains(u));
            let (Some(educator), Some(classmate)) = (educator, classmate) else { continue };
            if guardian.is_empty() {
                continue;
            }
            let elsewhere = of("teacher", ELEMENTARY)?;
            let other_educator =
                taught.iter().find(|(_, user, _)| elsewhere.contains(user)).map(|(_, u, _)| *u);
            return Ok(Sourced {
                learner: (*learner).to_owned(),
                classmate: classmate.to_owned(),
                other_learner: of("student", ELEMENTARY)?.first().ok_or("no other learner")?.to_string(),
                guardian: guardian.to_owned(),
                educator: educator.to_owned(),
                other_educator: other_educator.ok_or("no other educator")?.to_owned(),
                administrator: LEADERS[0].0.to_owned(),
                school: HIGH.to_owned(),
                other_school: ELEMENTARY.to_owned(),
                session: format!("{HIGH}-2021-2022"),
            });
        }
    }
    Err("nobody can take part".into())
}

/// A CSV file.
struct Table {
    columns: Vec<String>,
    rows: Vec<Row>,
}

impl Table {
    fn read(text: &str) -> Done<Self> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let rows = reader.deserialize().collect::<Result<Vec<Row>, _>>()?;
        Ok(Self { columns, rows })
    }

    fn write(&self) -> Done<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(self.columns.iter().map(|c| row.get(c).map_or("", String::as_str)))?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }
}

/// A school year, by the calendar year in which it begins.
#[derive(Clone, Copy)]
struct SchoolYear(i16);

impl SchoolYear {
    fn of(today: Date) -> Self {
        Self(if today.month() >= 8 { today.year() } else { today.year() - 1 })
    }

    /// The first and last day of the part that a title names; the parts fill the year.
    fn part(self, title: &str) -> (String, String) {
        let (begin, end) = (self.0, self.0 + 1);
        if title.contains("Fall") {
            (format!("{begin}-08-01"), format!("{end}-01-03"))
        } else if title.contains("Spring") {
            (format!("{end}-01-04"), format!("{end}-07-31"))
        } else {
            (format!("{begin}-08-01"), format!("{end}-07-31"))
        }
    }

    /// The semester that runs on a day of the year.
    fn semester(self, today: Date) -> &'static str {
        let fall = today.year() == self.0 || today < jiff::civil::date(self.0 + 1, 1, 4);
        SEMESTERS[usize::from(!fall)]
    }

    fn move_session(self, session: &mut Row) {
        let (start, end) = self.part(&session["title"]);
        let title = session["title"].replace("2021-2022", &format!("{}-{}", self.0, self.0 + 1));
        session.insert("title".to_owned(), title);
        session.insert("startDate".to_owned(), start);
        session.insert("endDate".to_owned(), end);
        session.insert("schoolYear".to_owned(), (self.0 + 1).to_string());
    }

    fn move_enrollment(self, row: &mut Row) {
        if row["beginDate"].is_empty() {
            return;
        }
        let (begin, end) = self.part(&row["classSourcedId"]);
        row.insert("beginDate".to_owned(), begin);
        row.insert("endDate".to_owned(), end);
    }

    fn move_birth(self, row: &mut Row) {
        let moved = row["birthDate"].parse::<Date>().ok().and_then(|born| {
            // 29 February becomes 28 in a year that has none.
            let year = born.year() + (self.0 - SOURCE_YEAR);
            Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, born.month(), 28)).ok()
        });
        if let Some(moved) = moved {
            row.insert("birthDate".to_owned(), moved.to_string());
        }
    }
}

/// Enrolments of every learner, without dates: they last as long as the class does.
fn enrol(tables: &BTreeMap<&'static str, Table>) -> Done<Vec<Row>> {
    let rows = |name: &str| tables.get(name).map(|table| &table.rows).ok_or("a file is missing");
    let born: BTreeMap<&str, &str> = rows("demographics.csv")?
        .iter()
        .map(|r| (r["sourcedId"].as_str(), r["birthDate"].as_str()))
        .collect();
    let titles: BTreeMap<&str, &str> =
        rows("courses.csv")?.iter().map(|r| (r["sourcedId"].as_str(), r["title"].as_str())).collect();
    let already: BTreeSet<(&str, &str)> = rows("enrollments.csv")?
        .iter()
        .map(|r| (r["userSourcedId"].as_str(), r["classSourcedId"].as_str()))
        .collect();
    let sections = Sections::of(rows("classes.csv")?, &titles);
    let mut enrolled = Vec::new();
    let learners = rows("roles.csv")?.iter().filter(|role| role["role"] == "student");
    for (place, role) in learners.enumerate() {
        let learner = role["userSourcedId"].as_str();
        let born = born.get(learner).and_then(|date| date.parse::<Date>().ok());
        let age = SOURCE_YEAR - born.map_or(SOURCE_YEAR - 15, Date::year);
        let school = school(&role["orgSourcedId"], age);
        for class in sections.choose(school, age, place) {
            if already.contains(&(learner, class)) {
                continue;
            }
            enrolled.push(Row::from(
                [
                    ("sourcedId", format!("d-{learner}-{class}")),
                    ("classSourcedId", class.to_owned()),
                    ("schoolSourcedId", school.to_owned()),
                    ("userSourcedId", learner.to_owned()),
                    ("role", "student".to_owned()),
                ]
                .map(|(column, value)| (column.to_owned(), value)),
            ));
        }
    }
    Ok(enrolled)
}

/// The school of a learner: the one the source names, else the one for their age.
fn school(organization: &str, age: i16) -> &'static str {
    let named = [ELEMENTARY, MIDDLE, HIGH].into_iter().find(|school| *school == organization);
    named.unwrap_or(match age {
        ..=10 => ELEMENTARY,
        11..=13 => MIDDLE,
        _ => HIGH,
    })
}

/// The classes that can be chosen, by school, semester and period.
struct Sections<'a>(BTreeMap<(&'a str, &'static str), BTreeMap<&'a str, Vec<Section<'a>>>>);

struct Section<'a> {
    class: &'a str,
    course: &'a str,
    /// The grade that the course is for, where its title says one.
    grade: Option<i16>,
}

const SEMESTERS: [&str; 2] = ["Fall-Semester", "Spring-Semester"];

impl<'a> Sections<'a> {
    fn of(classes: &'a [Row], titles: &BTreeMap<&str, &str>) -> Self {
        let mut sections: BTreeMap<_, BTreeMap<&str, Vec<Section<'a>>>> = BTreeMap::new();
        for class in classes {
            let id = class["sourcedId"].as_str();
            let Some(semester) = SEMESTERS.into_iter().find(|semester| id.ends_with(semester)) else {
                continue;
            };
            let course = class["courseSourcedId"].as_str();
            let title = titles.get(course).copied().unwrap_or_default();
            let grade = title.rsplit_once(" Grade ").and_then(|(_, grade)| grade.parse().ok());
            sections
                .entry((class["schoolSourcedId"].as_str(), semester))
                .or_default()
                .entry(class["periods"].as_str())
                .or_default()
                .push(Section { class: id, course, grade });
        }
        Self(sections)
    }

    /// A class in up to [`PERIODS`] periods of either semester, none of a course twice.
    fn choose(&self, school: &str, age: i16, place: usize) -> Vec<&'a str> {
        let grade = (age - 5).clamp(1, 5);
        let mut chosen = Vec::new();
        for semester in SEMESTERS {
            let mut courses = BTreeSet::new();
            for sections in self.0.get(&(school, semester)).into_iter().flat_map(BTreeMap::values) {
                let fits =
                    |s: &&Section<'_>| s.grade.is_none_or(|g| g == grade) && !courses.contains(s.course);
                let fitting: Vec<&Section<'a>> = sections.iter().filter(fits).collect();
                if courses.len() == PERIODS || fitting.is_empty() {
                    continue;
                }
                let section = fitting[place % fitting.len()];
                courses.insert(section.course);
                chosen.push(section.class);
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(today: &str) -> BTreeMap<&'static str, Table> {
        super::tables(today.parse().expect("a date")).expect("a roster")
    }

    #[test]
    fn the_same_day_gives_the_same_roster() {
        let today = "2026-11-23".parse().expect("a date");
        let (first, again) = (grand_bend(today).expect("a roster"), grand_bend(today).expect("a roster"));
        assert_eq!(first.0, again.0);
    }

    #[test]
    fn a_session_is_in_force_on_every_day_of_the_year() {
        for today in ["2026-08-01", "2026-12-31", "2027-01-03", "2027-01-04", "2027-07-31"] {
            let running = |row: &&Row| row["startDate"].as_str() <= today && today <= row["endDate"].as_str();
            let sessions = &tables(today)["academicSessions.csv"].rows;
            let running: Vec<&str> =
                sessions.iter().filter(running).map(|row| row["type"].as_str()).collect();
            assert_eq!(running.iter().filter(|kind| **kind == "schoolYear").count(), 3, "{today}");
            assert_eq!(running.iter().filter(|kind| **kind == "semester").count(), 3, "{today}");
        }
    }

    #[test]
    fn every_learner_is_taught_in_either_semester() {
        let tables = tables("2026-11-23");
        let mut taught: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut teachers: BTreeMap<&str, &str> = BTreeMap::new();
        for row in &tables["enrollments.csv"].rows {
            let class = row["classSourcedId"].as_str();
            if row["role"] == "teacher" {
                teachers.insert(class, &row["userSourcedId"]);
            } else {
                taught.entry(&row["userSourcedId"]).or_default().insert(class);
            }
        }
        assert_eq!(taught.len(), 960);
        for (learner, classes) in taught {
            for semester in SEMESTERS {
                let met =
                    classes.iter().filter(|c| c.ends_with(semester) && teachers.contains_key(*c)).count();
                assert!(met >= 2, "{learner} meets {met} teachers in the {semester}");
            }
        }
    }

    #[test]
    fn nobody_is_lost_and_no_id_is_given_twice() {
        let tables = tables("2026-11-23");
        assert_eq!(tables["users.csv"].rows.len(), 2901);
        for (name, table) in &tables {
            if let Some(first) = table.rows.first().filter(|row| row.contains_key("sourcedId")) {
                let ids: BTreeSet<&str> = table.rows.iter().map(|row| row["sourcedId"].as_str()).collect();
                assert_eq!(ids.len(), table.rows.len(), "{name}: {first:?}");
            }
        }
    }
}
