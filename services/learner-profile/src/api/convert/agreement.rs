//! Applications and agreements as the contract has them.

use trellis_contracts::common::DataClass;
use trellis_contracts::{profile, values};
use trellis_kernel::{District, Etag, Failure, Name, Result};

use super::roster::in_collection;
use crate::app::access;
use crate::app::agreement::NewAgreement;
use crate::domain::access::Class;
use crate::domain::agreement::{Agreement, Application, Basis};

pub(crate) fn application(district: &District, application: Application) -> profile::Application {
    let Application { id, display_name, vendor, suspended, meta } = application;
    let state =
        if suspended { profile::ApplicationState::Suspended } else { profile::ApplicationState::Active };
    profile::Application {
        name: in_collection(district, "applications", id),
        uid: id.to_string(),
        display_name,
        vendor,
        state: state.into(),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: Etag::new(meta.version).to_string(),
    }
}

pub(crate) fn agreement(district: &District, agreement: Agreement) -> profile::Agreement {
    let Agreement { application, basis, purpose, terms, revoke_time, meta } = agreement;
    let organizations = terms.organizations.iter().map(|id| in_collection(district, "organizations", *id));
    profile::Agreement {
        name: in_collection(district, "agreements", terms.id),
        uid: terms.id.to_string(),
        application: in_collection(district, "applications", application),
        basis: basis_out(basis).into(),
        data_classes: terms.classes.iter().map(|class| class_out(*class).into()).collect(),
        organizations: organizations.collect(),
        purpose,
        start_time: Some(values::timestamp(terms.start)),
        expire_time: Some(values::timestamp(terms.expire)),
        revoke_time: revoke_time.map(values::timestamp),
        create_time: Some(values::timestamp(meta.create_time)),
        update_time: Some(values::timestamp(meta.update_time)),
        etag: Etag::new(meta.version).to_string(),
    }
}

pub(crate) fn new_agreement(message: &profile::Agreement) -> Result<NewAgreement> {
    let instant = |field: &str, at: &prost_types::Timestamp| {
        values::instant(at).ok_or_else(|| Failure::field(field, "must be a timestamp that can be kept"))
    };
    let expire = message.expire_time.as_ref();
    let expire = expire.ok_or_else(|| Failure::field("agreement.expire_time", "value is required"))?;
    let organizations = message
        .organizations
        .iter()
        .map(|name| Name::of("agreement.organizations", name, &["organizations"]));
    Ok(NewAgreement {
        application: Name::of("agreement.application", &message.application, &["applications"])?,
        basis: basis_in(message.basis())?,
        classes: message.data_classes().map(access::class).collect::<Result<_>>()?,
        organizations: organizations.collect::<Result<_>>()?,
        purpose: message.purpose.clone(),
        start: message.start_time.as_ref().map(|at| instant("agreement.start_time", at)).transpose()?,
        expire: instant("agreement.expire_time", expire)?,
    })
}

const fn basis_out(basis: Basis) -> profile::AgreementBasis {
    match basis {
        Basis::SchoolOfficial => profile::AgreementBasis::SchoolOfficial,
        Basis::Directory => profile::AgreementBasis::Directory,
        Basis::Consent => profile::AgreementBasis::Consent,
        Basis::Study => profile::AgreementBasis::Study,
        Basis::Audit => profile::AgreementBasis::Audit,
    }
}

fn basis_in(basis: profile::AgreementBasis) -> Result<Basis> {
    match basis {
        profile::AgreementBasis::SchoolOfficial => Ok(Basis::SchoolOfficial),
        profile::AgreementBasis::Directory => Ok(Basis::Directory),
        profile::AgreementBasis::Consent => Ok(Basis::Consent),
        profile::AgreementBasis::Study => Ok(Basis::Study),
        profile::AgreementBasis::Audit => Ok(Basis::Audit),
        profile::AgreementBasis::Unspecified => Err(Failure::field("agreement.basis", "value is required")),
    }
}

const fn class_out(class: Class) -> DataClass {
    match class {
        Class::Operational => DataClass::Operational,
        Class::Directory => DataClass::Directory,
        Class::EducationRecord => DataClass::EducationRecord,
        Class::Sensitive => DataClass::Sensitive,
    }
}
