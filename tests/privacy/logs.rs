//! Marks of a person, planted wherever a person's words can stand, and looked for in all that the suite
//! tells its operators: the log at its most talkative, the metrics, the refusals and the issues.

use std::io::{Cursor, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tonic::Status;
use tracing_subscriber::EnvFilter;
use trellis_contracts::common::JobState;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::reflection_service_client::ReflectionServiceClient;
use trellis_contracts::experience::{
    CreateEvidenceRequest, CreateReflectionRequest, Evidence, Feedback, GiveFeedbackRequest, Reflection,
};
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{ImportFrameworkRequest, TransferFormat};
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
use trellis_testkit::{Role, on_each_database};

use super::replays::get;
use super::{Place, words};

/// No word of any language, and nothing that a program would make up.
const MARK: &str = "Zwyxqv";

/// What the log of this test binary holds so far.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        log().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> MutexGuard<'static, Vec<u8>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the log at its finest from here on. What the program never logs at that level, whatever it is
/// told (`trellis_telemetry`), is left out here too.
fn listen() {
    static LISTENS: OnceLock<()> = OnceLock::new();
    LISTENS.get_or_init(|| {
        let filter =
            "trace,h2=warn,hyper=warn,hyper_util=warn,tonic=warn,tower=warn,rustls=warn,sqlx::query=off";
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(|| Kept)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("nobody else listens in this binary");
    });
}

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

on_each_database!(
    async fn nobody_s_words_are_in_logs_metrics_refusals_or_issues(suite: Suite) {
        listen();
        let place = Place::of(suite).await;
        let mut told = Told::default();
        rosters(&place, &mut told).await;
        packages(&place, &mut told).await;
        said(&place, &mut told).await;
        let secret = calendar(&place).await;
        let garbage = place.suite.endpoint().with(&format!("{MARK}.{MARK}.{MARK}"));
        let request = GetPersonRequest { name: place.school.person(place.school.learner) };
        told.refusal(RosterServiceClient::new(garbage).get_person(request).await);
        told.0.push(get(&place.suite, &format!("/{MARK}")).await);
        told.0.push(get(&place.suite, "/metrics").await);

        for text in &told.0 {
            assert!(!text.contains(MARK), "{text}");
        }
        let log = String::from_utf8_lossy(&log()).into_owned();
        assert!(log.contains("refused"), "the log was not kept");
        // Every token of this issuer begins with the same words: its algorithm and its key.
        let learner = place.learner();
        let token = learner.token().split('.').next().expect("a token's header");
        for hidden in [MARK, &secret, token] {
            let line = log.lines().find(|line| line.contains(hidden));
            assert_eq!(line, None, "in the log");
        }
    }
);

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
            format: TransferFormat::CaseJson.into(),
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
