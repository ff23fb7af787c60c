//! What rows say of each other: identities that must be one, references that must lead somewhere.

use std::collections::{BTreeMap, HashMap, HashSet};

use trellis_kernel::{District, Uuid};

use super::{File, Placed, Roster};
use crate::domain::issue::{Issue, Report, Severity};
use crate::domain::roster::{Collection, Kinship, Record, Relationship, Span, identity};

/// What is kept already, for references to records whose file did not come.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub organizations: HashSet<Uuid>,
    pub sessions: HashMap<Uuid, Span>,
    pub courses: HashSet<Uuid>,
    pub classes: HashSet<Uuid>,
    pub people: HashSet<Uuid>,
}

/// Checks identities and references, fills in what follows from several files together, and makes the
/// relationships; nothing instead of those when the files that they follow from did not come.
pub(crate) fn link(
    district: &District,
    roster: &mut Roster,
    known: &Known,
    report: &mut Report,
) -> Option<Vec<Relationship>> {
    let targets = Targets::new(roster, known);
    let mut check = Check { targets: &targets, report };
    check.places(roster);
    check.people(roster);
    circles(roster, report);
    for class in &mut roster.classes {
        class.record.span = targets.span(&class.record.sessions);
    }
    let both = roster.bulk.contains(&File::Users) && roster.bulk.contains(&File::Roles);
    both.then(|| relationships(district, roster, &targets, report))
}

/// The records that a reference may lead to. Nothing where the file is there but not wholly readable:
/// whether a reference dangles cannot be said then, and what is wrong was said already.
struct Targets {
    organizations: Option<HashSet<Uuid>>,
    sessions: Option<HashMap<Uuid, Span>>,
    courses: Option<HashSet<Uuid>>,
    classes: Option<HashSet<Uuid>>,
    people: Option<HashSet<Uuid>>,
}

impl Targets {
    fn new(roster: &Roster, known: &Known) -> Self {
        fn ids<T: Record>(
            roster: &Roster,
            file: File,
            placed: &[Placed<T>],
            kept: &HashSet<Uuid>,
        ) -> Option<HashSet<Uuid>> {
            if !roster.bulk.contains(&file) {
                return Some(kept.clone());
            }
            whole(roster, file, placed.len())
                .then(|| placed.iter().map(|placed| placed.record.id()).collect())
        }
        let sessions = || {
            if !roster.bulk.contains(&File::AcademicSessions) {
                return Some(known.sessions.clone());
            }
            whole(roster, File::AcademicSessions, roster.sessions.len()).then(|| {
                let session = |placed: &Placed<crate::domain::roster::AcademicSession>| {
                    let record = &placed.record;
                    (record.id, Span { first: record.start, last: record.end })
                };
                roster.sessions.iter().map(session).collect()
            })
        };
        let people = if roster.bulk.contains(&File::Users) {
            whole(roster, File::Users, roster.people.len())
                .then(|| roster.people.iter().map(|placed| placed.record.person.id).collect())
        } else {
            Some(known.people.clone())
        };
        Self {
            organizations: ids(roster, File::Orgs, &roster.organizations, &known.organizations),
            sessions: sessions(),
            courses: ids(roster, File::Courses, &roster.courses, &known.courses),
            classes: ids(roster, File::Classes, &roster.classes, &known.classes),
            people,
        }
    }

    fn has(&self, collection: Collection, id: Uuid) -> bool {
        let among = |ids: &Option<HashSet<Uuid>>| ids.as_ref().is_none_or(|ids| ids.contains(&id));
        match collection {
            Collection::Organizations => among(&self.organizations),
            Collection::AcademicSessions => self.sessions.as_ref().is_none_or(|ids| ids.contains_key(&id)),
            Collection::Courses => among(&self.courses),
            Collection::Classes => among(&self.classes),
            Collection::People => among(&self.people),
            Collection::Roles | Collection::Enrollments | Collection::Relationships => true,
        }
    }

    fn span(&self, sessions: &[Uuid]) -> Option<Span> {
        let known = self.sessions.as_ref()?;
        Span::around(sessions.iter().filter_map(|session| known.get(session).copied()))
    }
}

fn whole(roster: &Roster, file: File, read: usize) -> bool {
    roster.rows.iter().any(|(known, rows)| *known == file && *rows as usize == read)
}

struct Check<'a> {
    targets: &'a Targets,
    report: &'a mut Report,
}

impl Check<'_> {
    fn places(&mut self, roster: &Roster) {
        use Collection::{AcademicSessions, Courses, Organizations};
        self.unique(File::Orgs, roster.organizations.iter().map(|o| (o.line, o.record.id)));
        for Placed { line, record } in &roster.organizations {
            self.refers(File::Orgs, *line, "parentSourcedId", Organizations, record.parent);
        }
        self.unique(File::AcademicSessions, roster.sessions.iter().map(|s| (s.line, s.record.id)));
        for Placed { line, record } in &roster.sessions {
            self.refers(File::AcademicSessions, *line, "parentSourcedId", AcademicSessions, record.parent);
        }
        self.unique(File::Courses, roster.courses.iter().map(|c| (c.line, c.record.id)));
        for Placed { line, record } in &roster.courses {
            self.refers(File::Courses, *line, "orgSourcedId", Organizations, Some(record.organization));
            self.refers(File::Courses, *line, "schoolYearSourcedId", AcademicSessions, record.school_year);
        }
        self.unique(File::Classes, roster.classes.iter().map(|c| (c.line, c.record.id)));
        for Placed { line, record } in &roster.classes {
            self.refers(File::Classes, *line, "courseSourcedId", Courses, Some(record.course));
            self.refers(File::Classes, *line, "schoolSourcedId", Organizations, Some(record.organization));
            self.refers(
                File::Classes,
                *line,
                "termSourcedIds",
                AcademicSessions,
                record.sessions.iter().copied(),
            );
        }
    }

    fn people(&mut self, roster: &Roster) {
        use Collection::{Classes, Organizations, People};
        self.unique(File::Users, roster.people.iter().map(|p| (p.line, p.record.person.id)));
        for Placed { line, record } in &roster.people {
            self.refers(
                File::Users,
                *line,
                "primaryOrgSourcedId",
                Organizations,
                record.primary_organization,
            );
        }
        self.unique(File::Roles, roster.roles.iter().map(|r| (r.line, r.record.id)));
        for Placed { line, record } in &roster.roles {
            self.refers(File::Roles, *line, "userSourcedId", People, Some(record.person));
            self.refers(File::Roles, *line, "orgSourcedId", Organizations, Some(record.organization));
        }
        self.unique(File::Enrollments, roster.enrollments.iter().map(|e| (e.line, e.record.id)));
        for Placed { line, record } in &roster.enrollments {
            self.refers(File::Enrollments, *line, "classSourcedId", Classes, Some(record.class));
            self.refers(
                File::Enrollments,
                *line,
                "schoolSourcedId",
                Organizations,
                Some(record.organization),
            );
            self.refers(File::Enrollments, *line, "userSourcedId", People, Some(record.person));
        }
        self.unique(File::Demographics, roster.demographics.iter().map(|d| (d.line, d.record.id)));
        for Placed { line, record } in &roster.demographics {
            self.refers(File::Demographics, *line, "sourcedId", People, Some(record.id));
        }
        for Placed { line, record } in &roster.profiles {
            self.refers(File::UserProfiles, *line, "userSourcedId", People, Some(*record));
        }
        if !roster.profiles.is_empty() {
            self.report.add(Issue {
                severity: Severity::Note,
                file: File::UserProfiles.name(),
                line: 0,
                column: "",
                reason: "NOT_KEPT",
                text: "Accounts in other systems were checked, and are not kept.".to_owned(),
            });
        }
    }

    fn unique(&mut self, file: File, rows: impl Iterator<Item = (u32, Uuid)>) {
        let mut first = HashMap::new();
        for (line, id) in rows {
            if let Some(earlier) = first.insert(id, line) {
                first.insert(id, earlier);
                self.error(
                    file,
                    line,
                    "sourcedId",
                    "DUPLICATE_ID",
                    format!("Line {earlier} has the same sourcedId."),
                );
            }
        }
    }

    fn refers(
        &mut self,
        file: File,
        line: u32,
        column: &'static str,
        to: Collection,
        ids: impl IntoIterator<Item = Uuid>,
    ) {
        for id in ids {
            if !self.targets.has(to, id) {
                self.error(
                    file,
                    line,
                    column,
                    "DANGLING_REFERENCE",
                    "No row has the sourcedId that stands here.".to_owned(),
                );
            }
        }
    }

    fn error(&mut self, file: File, line: u32, column: &'static str, reason: &'static str, text: String) {
        self.report.add(Issue { severity: Severity::Error, file: file.name(), line, column, reason, text });
    }
}

/// How many organisations may stand above one: a state has far fewer levels. Every organisation is kept with
/// each of those above it, so a long chain of them would make rows by its square.
const MAX_LEVELS: usize = 20;

/// An organisation may not be a part of itself, by however long a way, nor stand below too many.
fn circles(roster: &Roster, report: &mut Report) {
    let parents: HashMap<Uuid, Uuid> =
        roster.organizations.iter().filter_map(|o| Some((o.record.id, o.record.parent?))).collect();
    for Placed { line, record } in &roster.organizations {
        let mut above = std::iter::successors(parents.get(&record.id), |at| parents.get(*at));
        let (reason, text) = match above.by_ref().take(MAX_LEVELS).find(|at| **at == record.id) {
            Some(_) => ("CIRCLE", "The organisation is, by way of its parents, a part of itself."),
            None if above.next().is_some() => {
                ("TOO_DEEP", "More than 20 organisations stand above this one.")
            }
            None => continue,
        };
        report.add(Issue {
            severity: Severity::Error,
            file: File::Orgs.name(),
            line: *line,
            column: "parentSourcedId",
            reason,
            text: text.to_owned(),
        });
    }
}

/// What the agents of `users.csv` and the roles of `roles.csv` say of guardians. The standard lets either
/// side name the other.
fn relationships(
    district: &District,
    roster: &Roster,
    targets: &Targets,
    report: &mut Report,
) -> Vec<Relationship> {
    let mut learners = HashSet::new();
    let mut kin: HashMap<Uuid, Kinship> = HashMap::new();
    for role in roster.roles.iter().map(|placed| &placed.record).filter(|role| role.active) {
        if role.word == "student" {
            learners.insert(role.person);
        } else if let Some(kinship) = Kinship::of_role(&role.word) {
            let entry = kin.entry(role.person).or_insert(kinship);
            *entry = kinship.max(*entry);
        }
    }
    let active: HashMap<Uuid, bool> =
        roster.people.iter().map(|p| (p.record.person.id, p.record.person.active)).collect();
    let mut found = BTreeMap::new();
    for Placed { line, record } in &roster.people {
        let person = record.person.id;
        for agent in &record.agents {
            let pair = match (kin.get(agent), kin.get(&person)) {
                (Some(kinship), _) if learners.contains(&person) && *agent != person => {
                    Ok((person, *agent, *kinship))
                }
                (_, Some(kinship)) if learners.contains(agent) && *agent != person => {
                    Ok((*agent, person, *kinship))
                }
                _ if targets.has(Collection::People, *agent) => Err((
                    "AGENT_WITHOUT_ROLE",
                    "An agent is no learner's parent, guardian or relative by roles.csv: this makes no relationship.",
                )),
                _ => Err(("AGENT_UNKNOWN", "An agent is not in users.csv: this makes no relationship.")),
            };
            match pair {
                Ok((learner, other, kind)) => {
                    let id = identity(district, Collection::Relationships, &format!("{learner}/{other}"));
                    let is_active =
                        [learner, other].iter().all(|id| active.get(id).copied().unwrap_or_default());
                    let education_rights = kind.has_education_rights();
                    found.insert(
                        id,
                        Relationship { id, active: is_active, learner, other, kind, education_rights },
                    );
                }
                Err((reason, text)) => report.add(Issue {
                    severity: Severity::Warning,
                    file: File::Users.name(),
                    line: *line,
                    column: "agentSourcedIds",
                    reason,
                    text: text.to_owned(),
                }),
            }
        }
    }
    found.into_values().collect()
}
