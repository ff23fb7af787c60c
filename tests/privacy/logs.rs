//! Marks of a person, planted wherever a person's words can stand, and looked for in all that the real
//! program tells its operators: the log at its most talkative, the spans that it exports, the metrics, the
//! refusals and the issues.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _, Write as _};

use serde_json::Value;
use tonic::{Code, Status};
use trellis_contracts::common::JobState;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::reflection_service_client::ReflectionServiceClient;
use trellis_contracts::experience::{
    CreateEvidenceRequest, CreateReflectionRequest, Evidence, Feedback, GiveFeedbackRequest, Reflection,
};
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{FrameworkTransferFormat, ImportFrameworkRequest};
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{
    CreateEntryRequest, Entry, EntryAudience, EntryFacet, GetEntryRequest, GetPersonRequest,
    ImportRosterHeader, ImportRosterRequest, ListPeopleRequest, ListRosterIssuesRequest, RosterFormat,
    RosterTransfer,
};
use trellis_contracts::scheduling::CreateFeedRequest;
use trellis_contracts::scheduling::feed_service_client::FeedServiceClient;
use trellis_kernel::Timestamp;
use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_suite::journey::{Input, Journey};
use trellis_testkit::{Backend, Role, School, run};

use super::marker::{MARK, Marker};
use super::replays::get;
use super::{Place, broken, words};
use crate::telemetry::Telling;
use crate::telemetry::metrics::FRAMEWORK;

/// All that was told to somebody who is not the person.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    /// Takes a refusal.
    #[track_caller]
    fn refusal<T>(&mut self, answer: Result<tonic::Response<T>, Status>) {
        let Err(status) = answer else { panic!("should be refused") };
        self.0.push(format!("{status:?} {}", String::from_utf8_lossy(status.details())));
    }
}

/// Looks through all that was told of the work of a suite for what is somebody's: `MARK`, and `hidden`.
pub(super) fn search(what: &str, told: &[u8], hidden: &BTreeSet<String>) {
    let found =
        hidden.iter().find(|words| told.windows(words.len()).any(|window| window == words.as_bytes()));
    if let Some(words) = found {
        let text = String::from_utf8_lossy(told);
        let line = text.lines().find(|line| line.contains(words.as_str())).unwrap_or_default();
        panic!("{words} is in {what}: {}", line.chars().take(2000).collect::<String>());
    }
}

/// The journey with every text of a person marked, and everything else that people say and do wrong; then
/// the marks are looked for in what operators read.
fn nobody_s_words_are_told(backend: Backend, format: &str) {
    run(async {
        let (suite, telling) = Telling::with(backend, &["--log-format", format]).await;
        let (marker, between) = Marker::before(suite.urls()).await;
        let input = marked_input(suite.now());
        let minter = suite.minter().clone();
        let journey = Journey::new(Endpoint::at(&between).expect("a URL"), minter, input);
        let cast = journey.cast().clone();
        journey.walk(|_| ()).await.unwrap_or_else(|stumble| panic!("{stumble}"));
        {
            let passed = marker.passed();
            assert!(passed.marked.len() > 20, "what people say was not marked: {:?}", passed.marked);
            assert!(passed.tokens.len() > 5 && passed.refusals.len() > 5, "the journey went another way");
        }

        let mut place = Place::of(suite).await;
        let mut told = Told::default();
        rosters(&place, &mut told).await;
        packages(&place, &mut told).await;
        said(&place, &mut told).await;
        let secret = calendar(&place).await;
        let garbage = place.suite.endpoint().with(&format!("{MARK}.{MARK}.{MARK}"));
        let request = GetPersonRequest { name: place.school.person(place.school.learner) };
        told.refusal(RosterServiceClient::new(garbage).get_person(request).await);
        told.0.push(get(&place.suite, &format!("/{MARK}")).await);
        broken::entries(&place.suite).await;
        failing(&place, &mut told).await;

        let mut hidden = BTreeSet::from([MARK.to_owned(), BORN.to_owned()]);
        for text in told.0.iter().chain(&marker.passed().refusals) {
            search("a refusal", text.as_bytes(), &hidden);
        }
        hidden.insert(secret);
        // Names of resources may be in what a caller is told, and nowhere else.
        let people = [cast.learner, cast.classmate, cast.guardian, cast.educator, place.school.learner];
        hidden.extend(people.map(|id| id.to_string()));
        // Every token of this issuer begins with the same words: its algorithm and its key.
        hidden.extend(marker.passed().tokens.iter().flat_map(|t| t.split('.').map(str::to_owned)));
        for accept in ["text/plain", "application/openmetrics-text"] {
            search("the metrics", telling.metrics(accept).await.as_bytes(), &hidden);
        }
        search(
            "the readiness",
            telling.get("/readyz", "*/*").await.text().await.expect("text").as_bytes(),
            &hidden,
        );
        // What is left is told at the end.
        place.suite.processes().stop(Service::Profile);
        let (log, spans) = (telling.log(), telling.collector.exported());
        for there in ["refused", "failed", "trace_id"] {
            assert!(log.contains(there), "the log was not kept at its finest: {there}");
        }
        if format == "json" {
            for line in log.lines() {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|wrong| panic!("{wrong}: {line}"));
                assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
            }
        }
        assert!(spans.len() > 100_000, "the spans were not exported: {}", spans.len());
        search("the log", log.as_bytes(), &hidden);
        search("the spans", &spans, &hidden);
    });
}

#[test]
fn nobody_s_words_are_told_on_sqlite() {
    nobody_s_words_are_told(Backend::Sqlite, "text");
}

#[test]
fn nobody_s_words_are_told_on_postgres_in_json() {
    nobody_s_words_are_told(Backend::Postgres, "json");
}

/// The day on which everyone of the marked roster was born.
const BORN: &str = "2011-03-29";

/// The small district with marks in every column that says something of a person: names, addresses,
/// telephone numbers, the ids of the school's own system, days of birth.
pub(super) fn marked_input(now: Timestamp) -> Input {
    const PEOPLE: [&str; 9] = [
        "administrator",
        "principal",
        "educator",
        "other-educator",
        "learner",
        "classmate",
        "other-learner",
        "guardian",
        "other-guardian",
    ];
    const FREE: [&str; 13] = [
        "username",
        "givenName",
        "familyName",
        "middleName",
        "identifier",
        "sms",
        "phone",
        "password",
        "userMasterIdentifier",
        "preferredGivenName",
        "preferredMiddleName",
        "preferredFamilyName",
        "pronouns",
    ];
    let mut input = School::journey("marked-journey", FRAMEWORK.to_vec(), now);
    let mark = |column: &str, cell: &str| match column {
        // The words of roles are those of people here.
        "role" => cell.to_owned(),
        _ if PEOPLE.contains(&cell) => format!("{MARK}-{cell}"),
        "email" => format!("{MARK}@example.org"),
        "birthDate" => BORN.to_owned(),
        column if FREE.contains(&column) => MARK.to_owned(),
        _ => cell.to_owned(),
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(input.roster)).expect("the roster");
    let mut files = Vec::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        let columns: Vec<String> =
            text.lines().next().unwrap_or_default().split(',').map(str::to_owned).collect();
        let rows = text.lines().enumerate().map(|(row, line)| {
            let cells = line.split(',').zip(&columns);
            let cells =
                cells.map(|(cell, column)| if row == 0 { cell.to_owned() } else { mark(column, cell) });
            cells.collect::<Vec<_>>().join(",") + "\n"
        });
        files.push((file.name().expect("a name").into_owned(), rows.collect::<String>()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    input.roster = zipped(&files);
    let cast = &mut input.cast;
    for id in [
        &mut cast.learner,
        &mut cast.classmate,
        &mut cast.other_learner,
        &mut cast.guardian,
        &mut cast.educator,
        &mut cast.other_educator,
        &mut cast.administrator,
    ] {
        *id = format!("{MARK}-{id}");
    }
    input
}

/// A change that the database refuses, in words that hold the row where it has any.
async fn failing(place: &Place, told: &mut Told) {
    let facet = EntryFacet::Strength.into();
    let audience = EntryAudience::OnlyMe.into();
    let entry = Entry { facet, text: words(&format!("{MARK} fails")), audience, ..Entry::default() };
    let parent = place.school.learner(place.school.learner);
    let request = CreateEntryRequest { parent, entry: Some(entry), ..CreateEntryRequest::default() };
    let answer = LearnerServiceClient::new(place.learner()).create_entry(request).await;
    assert_eq!(
        answer.as_ref().map_err(Status::code).err(),
        Some(Code::Internal),
        "the database should refuse it"
    );
    told.refusal(answer);
}

/// Two rosters full of marks: one that is right, and one that is wrong in every way.
async fn rosters(place: &Place, told: &mut Told) {
    const USERS: &str = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,\
        middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,\
        resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,\
        pronouns";
    let manifest = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n\
        file.academicSessions,absent\nfile.classes,absent\nfile.courses,absent\nfile.demographics,absent\n\
        file.enrollments,absent\nfile.orgs,bulk\nfile.roles,absent\nfile.users,bulk\n";
    let orgs = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
        high,,,High School,school,h,\n";
    let row = |id: &str, organization: &str| {
        format!(
            "{id},,,true,{MARK},,{MARK},{MARK},{MARK},{MARK},{MARK}@example.org,{MARK},{MARK},,,{MARK},{MARK},,\
             {MARK},,{MARK},{organization},{MARK}\n"
        )
    };
    let right = format!("{USERS}\n{}", row(MARK, "high"));
    let wrong = format!(
        "{USERS}\n{}{}{MARK},too,short\n,{MARK}\n\"{MARK}\"{MARK}\n",
        row(MARK, MARK),
        row(MARK, "high").replace("true", MARK)
    );
    for (users, state) in [(right, JobState::Succeeded), (wrong, JobState::Failed)] {
        let archive = zipped(&[("manifest.csv", manifest), ("orgs.csv", orgs), ("users.csv", &users)]);
        let transfer = import(place, archive).await;
        assert_eq!(transfer.state(), state, "{transfer:?}");
        let request =
            ListRosterIssuesRequest { parent: transfer.name.clone(), ..ListRosterIssuesRequest::default() };
        let mut client = RosterTransferServiceClient::new(place.suite.operator("marked"));
        let issues = client.list_roster_issues(request).await.expect("issues").into_inner();
        told.0.push(format!("{transfer:?} {issues:?}"));
    }
    let request = ListPeopleRequest {
        parent: place.school.parent(),
        filter: format!("name = \"{MARK}\" AND {MARK}"),
        page_token: MARK.to_owned(),
        ..ListPeopleRequest::default()
    };
    told.refusal(RosterServiceClient::new(place.educator()).list_people(request).await);
}

async fn import(place: &Place, archive: Vec<u8>) -> RosterTransfer {
    let header = ImportRosterHeader {
        parent: "districts/marked".to_owned(),
        format: RosterFormat::OnerosterCsv.into(),
        ..ImportRosterHeader::default()
    };
    let first = ImportRosterRequest { header: Some(header), chunk: archive.into() };
    let mut client = RosterTransferServiceClient::new(place.suite.operator("marked"));
    client.import_roster(tokio_stream::once(first)).await.expect("a transfer").into_inner()
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("writing to memory");
        archive.write_all(text.as_bytes()).expect("writing to memory");
    }
    archive.finish().expect("writing to memory").into_inner()
}

/// A framework names no person; but what somebody puts into it by mistake is not repeated either.
async fn packages(place: &Place, told: &mut Told) {
    let package = include_str!("../journey/small.case.json");
    for broken in [format!("{{\"{MARK}\": {MARK}"), package.replacen("\"Draft\"", &format!("[{MARK}]"), 1)] {
        let request = ImportFrameworkRequest {
            parent: place.school.parent(),
            format: FrameworkTransferFormat::CaseJson.into(),
            chunk: broken.into_bytes().into(),
            ..ImportFrameworkRequest::default()
        };
        let caller = place.suite.operator(&place.school.district);
        let mut client = FrameworkTransferServiceClient::new(caller);
        told.refusal(client.import_framework(tokio_stream::once(request)).await);
    }
}

/// What learners and adults say, taken and refused.
async fn said(place: &Place, told: &mut Told) {
    let (parent, learner) = (place.school.parent(), place.school.learner(place.school.learner));
    let entry = |audience: EntryAudience, language: &str| {
        let mut text = words(&format!("{MARK} is patient"));
        language.clone_into(&mut text[0].language);
        let facet = EntryFacet::Strength.into();
        let entry = Entry { facet, text, audience: audience.into(), ..Entry::default() };
        let parent = learner.clone();
        CreateEntryRequest { parent, entry: Some(entry), ..CreateEntryRequest::default() }
    };
    let mut entries = LearnerServiceClient::new(place.learner());
    let kept = entries.create_entry(entry(EntryAudience::OnlyMe, "en")).await.expect("an entry").into_inner();
    told.refusal(entries.create_entry(entry(EntryAudience::OnlyMe, &format!("{MARK} {MARK}"))).await);
    let mut adults = LearnerServiceClient::new(place.educator());
    told.refusal(adults.create_entry(entry(EntryAudience::OnlyMe, "en")).await);
    told.refusal(adults.get_entry(GetEntryRequest { name: kept.name }).await);
    told.refusal(adults.get_entry(GetEntryRequest { name: format!("{learner}/entries/{MARK}") }).await);
    told.refusal(adults.get_entry(GetEntryRequest { name: format!("{learner}/{MARK}@{MARK}") }).await);

    let evidence = place.evidence(place.school.learner, &format!("{MARK}'s bees")).await;
    let draft = |title: &str, uri: &str| Evidence {
        learner: learner.clone(),
        title: title.to_owned(),
        text: MARK.to_owned(),
        artifacts: vec![trellis_contracts::experience::Artifact {
            title: MARK.to_owned(),
            uri: uri.to_owned(),
        }],
        ..Evidence::default()
    };
    let create = |evidence: Evidence| CreateEvidenceRequest {
        parent: parent.clone(),
        evidence: Some(evidence),
        ..CreateEvidenceRequest::default()
    };
    let mut work = EvidenceServiceClient::new(place.learner());
    work.create_evidence(create(draft(MARK, &format!("https://example.org/{MARK}")))).await.expect("a draft");
    told.refusal(work.create_evidence(create(draft(&MARK.repeat(1000), MARK))).await);
    told.refusal(work.create_evidence(create(draft(&format!("{MARK}\0"), "https://example.org/"))).await);
    let feedback = |text: String| GiveFeedbackRequest {
        parent: evidence.name.clone(),
        feedback: Some(Feedback { text, ..Feedback::default() }),
        ..GiveFeedbackRequest::default()
    };
    let mut adviser = EvidenceServiceClient::new(place.educator());
    adviser.give_feedback(feedback(format!("Well seen, {MARK}"))).await.expect("feedback");
    told.refusal(adviser.give_feedback(feedback(MARK.repeat(20_000))).await);
    let mut stranger = EvidenceServiceClient::new(place.person(place.school.other_educator, Role::Educator));
    told.refusal(stranger.give_feedback(feedback(MARK.to_owned())).await);
    let reflection = |on: String| CreateReflectionRequest {
        parent: learner.clone(),
        reflection: Some(Reflection { evidence: on, text: MARK.to_owned(), ..Reflection::default() }),
        ..CreateReflectionRequest::default()
    };
    let mut thoughts = ReflectionServiceClient::new(place.learner());
    thoughts.create_reflection(reflection(evidence.name.clone())).await.expect("a reflection");
    told.refusal(thoughts.create_reflection(reflection(format!("{parent}/evidence/{MARK}"))).await);
}

/// A calendar that is read, and one that is not there: the secret of its address is in no log.
async fn calendar(place: &Place) -> String {
    let parent = place.school.learner(place.school.learner);
    let request = CreateFeedRequest { parent, ..CreateFeedRequest::default() };
    let feed = FeedServiceClient::new(place.learner()).create_feed(request).await.expect("a feed");
    let url = feed.into_inner().url;
    let secret = url.rsplit('.').nth(1).expect("a secret").to_owned();
    let path = format!("/calendars/grand-bend.{secret}.ics");
    assert!(get(&place.suite, &path).await.starts_with("HTTP/1.1 200"), "{path}");
    assert!(get(&place.suite, &path.replace("grand-bend", "elsewhere")).await.starts_with("HTTP/1.1 404"));
    assert!(get(&place.suite, &format!("{path}{MARK}")).await.starts_with("HTTP/1.1 404"));
    secret
}
