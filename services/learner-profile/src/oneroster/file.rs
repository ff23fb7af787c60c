//! The files of a roster and their columns, in the order that the standard fixes.

/// A file of a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum File {
    Orgs,
    AcademicSessions,
    Courses,
    Classes,
    Users,
    Roles,
    Enrollments,
    Demographics,
    UserProfiles,
}

impl File {
    /// Every file, each after those that it refers to.
    pub(crate) const ALL: [Self; 9] = [
        Self::Orgs,
        Self::AcademicSessions,
        Self::Courses,
        Self::Classes,
        Self::Users,
        Self::Roles,
        Self::Enrollments,
        Self::Demographics,
        Self::UserProfiles,
    ];

    /// Its name in the archive.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Orgs => "orgs.csv",
            Self::AcademicSessions => "academicSessions.csv",
            Self::Courses => "courses.csv",
            Self::Classes => "classes.csv",
            Self::Users => "users.csv",
            Self::Roles => "roles.csv",
            Self::Enrollments => "enrollments.csv",
            Self::Demographics => "demographics.csv",
            Self::UserProfiles => "userProfiles.csv",
        }
    }

    /// The manifest's property that says whether it is there.
    pub(crate) const fn property(self) -> &'static str {
        match self {
            Self::Orgs => "file.orgs",
            Self::AcademicSessions => "file.academicSessions",
            Self::Courses => "file.courses",
            Self::Classes => "file.classes",
            Self::Users => "file.users",
            Self::Roles => "file.roles",
            Self::Enrollments => "file.enrollments",
            Self::Demographics => "file.demographics",
            Self::UserProfiles => "file.userProfiles",
        }
    }

    /// Its columns. Columns of a vendor's own (`metadata.…`) may follow them.
    pub(crate) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Orgs => {
                &["sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"]
            }
            Self::AcademicSessions => &[
                "sourcedId",
                "status",
                "dateLastModified",
                "title",
                "type",
                "startDate",
                "endDate",
                "parentSourcedId",
                "schoolYear",
            ],
            Self::Courses => &[
                "sourcedId",
                "status",
                "dateLastModified",
                "schoolYearSourcedId",
                "title",
                "courseCode",
                "grades",
                "orgSourcedId",
                "subjects",
                "subjectCodes",
            ],
            Self::Classes => &[
                "sourcedId",
                "status",
                "dateLastModified",
                "title",
                "grades",
                "courseSourcedId",
                "classCode",
                "classType",
                "location",
                "schoolSourcedId",
                "termSourcedIds",
                "subjects",
                "subjectCodes",
                "periods",
            ],
            Self::Users => USERS,
            Self::Roles => &[
                "sourcedId",
                "status",
                "dateLastModified",
                "userSourcedId",
                "roleType",
                "role",
                "beginDate",
                "endDate",
                "orgSourcedId",
                "userProfileSourcedId",
            ],
            Self::Enrollments => &[
                "sourcedId",
                "status",
                "dateLastModified",
                "classSourcedId",
                "schoolSourcedId",
                "userSourcedId",
                "role",
                "primary",
                "beginDate",
                "endDate",
            ],
            Self::Demographics => DEMOGRAPHICS,
            Self::UserProfiles => &[
                "sourcedId",
                "status",
                "dateLastModified",
                "userSourcedId",
                "profileType",
                "vendorId",
                "applicationId",
                "description",
                "credentialType",
                "username",
                "password",
            ],
        }
    }
}

const USERS: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "enabledUser",
    "username",
    "userIds",
    "givenName",
    "familyName",
    "middleName",
    "identifier",
    "email",
    "sms",
    "phone",
    "agentSourcedIds",
    "grades",
    "password",
    "userMasterIdentifier",
    "resourceSourcedIds",
    "preferredGivenName",
    "preferredMiddleName",
    "preferredFamilyName",
    "primaryOrgSourcedId",
    "pronouns",
];

const DEMOGRAPHICS: &[&str] = &[
    "sourcedId",
    "status",
    "dateLastModified",
    "birthDate",
    "sex",
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
    "countryOfBirthCode",
    "stateOfBirthAbbreviation",
    "cityOfBirth",
    "publicSchoolResidenceStatus",
];
