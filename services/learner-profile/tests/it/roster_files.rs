//! Rosters for the tests, as the archives that districts send.

use std::io::{Cursor, Write as _};
use std::path::Path;

use tonic::{Response, Status};
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{
    ImportRosterHeader, ImportRosterRequest, ListRosterIssuesRequest, RosterFileResult, RosterFormat,
    RosterIssue, RosterTransfer,
};
use trellis_testkit::Caller;

/// The district of the tests.
pub(crate) const DISTRICT: &str = "grand-bend";

/// The columns of each file.
const HEADERS: [(&str, &str); 8] = [
    (
        "academicSessions",
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
    ),
    (
        "classes",
        "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
         schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    ),
    (
        "courses",
        "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,\
         subjectCodes",
    ),
    (
        "demographics",
        "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,\
         blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,\
         hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,\
         publicSchoolResidenceStatus",
    ),
    (
        "enrollments",
        "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,\
         endDate",
    ),
    ("orgs", "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"),
    (
        "roles",
        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,\
         userProfileSourcedId",
    ),
    (
        "users",
        "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,\
         identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,\
         preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
    ),
];

/// An archive being put together, file by file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    rows: Vec<(&'static str, String)>,
}

impl Roster {
    /// The rows of a file, which the archive then declares in bulk.
    pub(crate) fn file(mut self, name: &'static str, rows: &str) -> Self {
        self.rows.retain(|(known, _)| *known != name);
        self.rows.push((name, rows.to_owned()));
        self
    }

    /// More rows for a file.
    pub(crate) fn more(mut self, name: &'static str, rows: &str) -> Self {
        match self.rows.iter_mut().find(|(known, _)| *known == name) {
            Some((_, text)) => text.push_str(rows),
            None => self.rows.push((name, rows.to_owned())),
        }
        self
    }

    /// A person with one role and the agents of theirs.
    pub(crate) fn person(self, id: &str, role: &str, organization: &str, agents: &str) -> Self {
        self.more(
            "users",
            &format!("{id},,,true,{id},,Given {id},Family,,,,,,\"{agents}\",,,,,,,,{organization},\n"),
        )
        .more("roles", &format!("r-{id},,,{id},primary,{role},,,{organization},\n"))
    }

    /// The archive.
    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut manifest = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n".to_owned();
        let mut files = Vec::new();
        for (name, header) in HEADERS {
            let rows = self.rows.iter().find(|(known, _)| *known == name);
            let mode = if rows.is_some() { "bulk" } else { "absent" };
            manifest.extend(["file.", name, ",", mode, "\n"]);
            files.extend(
                rows.map(|(_, rows)| (format!("{name}.csv"), format!("{header}\n{rows}").into_bytes())),
            );
        }
        files.push(("manifest.csv".to_owned(), manifest.into_bytes()));
        zipped(files)
    }
}

/// One school, one class that is taught in `from..until`, one teacher, one learner with one guardian.
pub(crate) fn small(from: &str, until: &str) -> Roster {
    Roster::default()
        .file("orgs", "d,,,Grand Bend,district,,\ns,,,High School,school,,d\n")
        .file("academicSessions", &format!("y,,,Year,schoolYear,{from},{until},,2027\n"))
        .file("courses", "c,,,,Algebra,ALG,,s,,\n")
        .file("classes", "k,,,Algebra 1,,c,ALG-1,scheduled,,s,y,,,\n")
        .person("admin", "districtAdministrator", "d", "")
        .person("teacher", "teacher", "s", "")
        .person("learner", "student", "s", "guardian")
        .person("guardian", "guardian", "d", "")
        .file("enrollments", "e1,,,k,s,teacher,teacher,true,,\ne2,,,k,s,learner,student,,,\n")
        .file("demographics", "learner,,,2009-03-15,,,,,,,,,,,,\n")
}

/// The sample district that the project ships: 2,901 people.
pub(crate) fn sample() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trellis/demo/grandbend-1.2");
    let files = std::fs::read_dir(folder).expect("the sample is part of the project").map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    });
    zipped(files.collect())
}

fn zipped(files: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// What to import, as the first message says it.
pub(crate) fn header() -> ImportRosterHeader {
    ImportRosterHeader {
        parent: format!("districts/{DISTRICT}"),
        format: RosterFormat::OnerosterCsv.into(),
        time_zone: "America/Chicago".to_owned(),
        ..ImportRosterHeader::default()
    }
}

/// Imports an archive in pieces, as a client does.
pub(crate) async fn import_as(
    caller: &Caller,
    header: ImportRosterHeader,
    zip: &[u8],
) -> Result<Response<RosterTransfer>, Status> {
    let mut messages = vec![ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() }];
    for chunk in zip.chunks(64 * 1024) {
        messages.push(ImportRosterRequest { header: None, chunk: chunk.to_vec().into() });
    }
    RosterTransferServiceClient::new(caller.clone()).import_roster(tokio_stream::iter(messages)).await
}

/// Imports an archive, however that ends.
pub(crate) async fn import(caller: &Caller, zip: &[u8]) -> RosterTransfer {
    import_as(caller, header(), zip).await.unwrap().into_inner()
}

/// What an import did with a file.
#[track_caller]
pub(crate) fn of_file(transfer: &RosterTransfer, file: &str) -> RosterFileResult {
    transfer.files.iter().find(|result| result.file == file).expect("the file is reported").clone()
}

/// Every issue of a transfer, page by page.
pub(crate) async fn issues(caller: &Caller, transfer: &RosterTransfer) -> Vec<RosterIssue> {
    let mut client = RosterTransferServiceClient::new(caller.clone());
    let mut request = ListRosterIssuesRequest {
        parent: transfer.name.clone(),
        page_size: 2,
        ..ListRosterIssuesRequest::default()
    };
    let mut all = Vec::new();
    loop {
        let page = client.list_roster_issues(request.clone()).await.unwrap().into_inner();
        all.extend(page.issues);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}
