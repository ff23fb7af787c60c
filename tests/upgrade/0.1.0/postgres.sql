


SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;


CREATE SCHEMA experience;



CREATE SCHEMA outcome;



CREATE SCHEMA profile;



CREATE SCHEMA scheduling;


SET default_tablespace = '';

SET default_table_access_method = heap;


CREATE TABLE experience.access_learners (
    district text NOT NULL,
    learner uuid NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL
);

ALTER TABLE ONLY experience.access_learners FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.accesses (
    district text NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL,
    actor text NOT NULL,
    token_id text,
    method text NOT NULL,
    data_class integer NOT NULL,
    relations integer NOT NULL,
    is_write boolean NOT NULL,
    learners text NOT NULL
);

ALTER TABLE ONLY experience.accesses FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.assessments (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    evidence jsonb NOT NULL,
    voice text NOT NULL,
    assessor uuid NOT NULL,
    criteria jsonb NOT NULL,
    comment text NOT NULL,
    supersedes uuid,
    superseded_by uuid,
    response jsonb,
    state text NOT NULL,
    finalize_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY experience.assessments FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.dead_letters (
    district text NOT NULL,
    uid uuid NOT NULL,
    consumer text NOT NULL,
    producer text NOT NULL,
    "position" bigint NOT NULL,
    event_uid uuid NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea,
    state text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY experience.dead_letters FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.design_revisions (
    district text NOT NULL,
    design uuid NOT NULL,
    revision integer NOT NULL,
    plan jsonb NOT NULL,
    publish_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY experience.design_revisions FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.designs (
    district text NOT NULL,
    id uuid NOT NULL,
    plan jsonb NOT NULL,
    published_revision integer,
    published_version bigint,
    publish_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY experience.designs FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.event_checkpoints (
    consumer text NOT NULL,
    "position" bigint NOT NULL,
    open bigint DEFAULT 0 NOT NULL,
    incarnation uuid
);



CREATE TABLE experience.evidence (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    contributors jsonb NOT NULL,
    experience uuid,
    outcomes jsonb NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    artifacts jsonb NOT NULL,
    state text NOT NULL,
    submit_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY experience.evidence FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.evidence_contributors (
    district text NOT NULL,
    learner uuid NOT NULL,
    evidence uuid NOT NULL
);

ALTER TABLE ONLY experience.evidence_contributors FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.experience_least (
    name text NOT NULL,
    version text NOT NULL
);



CREATE TABLE experience.experience_migrations (
    name text NOT NULL,
    apply_time bigint NOT NULL
);



CREATE TABLE experience.experiences (
    district text NOT NULL,
    id uuid NOT NULL,
    design uuid NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    title jsonb NOT NULL,
    outcomes jsonb NOT NULL,
    facilitators jsonb NOT NULL,
    organization uuid,
    start_date text NOT NULL,
    end_date text NOT NULL,
    capacity integer NOT NULL,
    state text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY experience.experiences FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.feedback (
    district text NOT NULL,
    id uuid NOT NULL,
    evidence uuid NOT NULL,
    text text NOT NULL,
    voice text NOT NULL,
    author uuid NOT NULL,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY experience.feedback FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.idempotency (
    district text NOT NULL,
    actor text NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    fingerprint bytea NOT NULL,
    reply text,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY experience.idempotency FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.leases (
    name text NOT NULL,
    holder text NOT NULL,
    until bigint NOT NULL
);



CREATE TABLE experience.outbox (
    seq bigint NOT NULL,
    "position" bigint,
    uid uuid NOT NULL,
    district text NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    resource_type text NOT NULL,
    subjects text NOT NULL,
    deleted boolean NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea
);

ALTER TABLE ONLY experience.outbox FORCE ROW LEVEL SECURITY;



ALTER TABLE experience.outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME experience.outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE experience.proposals (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    title text NOT NULL,
    driving_question text NOT NULL,
    outcomes jsonb NOT NULL,
    why text NOT NULL,
    state text NOT NULL,
    decision jsonb,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY experience.proposals FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.reflections (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    evidence uuid NOT NULL,
    text text NOT NULL,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY experience.reflections FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.relay (
    id integer NOT NULL,
    head bigint NOT NULL,
    floor bigint DEFAULT 0 NOT NULL,
    compacted bigint DEFAULT 0 NOT NULL,
    holder text DEFAULT ''::text NOT NULL,
    lease_until bigint DEFAULT 0 NOT NULL,
    incarnation uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT relay_id_check CHECK ((id = 1))
);



CREATE TABLE experience.sandbox_floors (
    district text NOT NULL,
    producer text NOT NULL,
    incarnation uuid NOT NULL,
    "position" bigint NOT NULL
);

ALTER TABLE ONLY experience.sandbox_floors FORCE ROW LEVEL SECURITY;



CREATE TABLE experience.sandboxes (
    district text NOT NULL,
    reset uuid,
    state text NOT NULL,
    floor bigint NOT NULL,
    clock_time bigint NOT NULL,
    ids bigint NOT NULL,
    reset_count bigint NOT NULL,
    reset_time bigint
);

ALTER TABLE ONLY experience.sandboxes FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.access_learners (
    district text NOT NULL,
    learner uuid NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL
);

ALTER TABLE ONLY outcome.access_learners FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.accesses (
    district text NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL,
    actor text NOT NULL,
    token_id text,
    method text NOT NULL,
    data_class integer NOT NULL,
    relations integer NOT NULL,
    is_write boolean NOT NULL,
    learners text NOT NULL
);

ALTER TABLE ONLY outcome.accesses FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.adoption_organizations (
    district text NOT NULL,
    adoption uuid NOT NULL,
    organization uuid NOT NULL
);

ALTER TABLE ONLY outcome.adoption_organizations FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.adoptions (
    district text NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    framework_district text NOT NULL,
    framework uuid NOT NULL,
    framework_revision integer NOT NULL,
    district_wide boolean NOT NULL,
    start_date text NOT NULL,
    end_date text,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.adoptions FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.associations (
    district text NOT NULL,
    framework uuid NOT NULL,
    revision integer NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    "position" integer NOT NULL,
    origin uuid,
    destination uuid,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.associations FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.case_entries (
    district text NOT NULL,
    framework uuid NOT NULL,
    revision integer NOT NULL,
    section text NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    digest text NOT NULL,
    json text NOT NULL
);

ALTER TABLE ONLY outcome.case_entries FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.dead_letters (
    district text NOT NULL,
    uid uuid NOT NULL,
    consumer text NOT NULL,
    producer text NOT NULL,
    "position" bigint NOT NULL,
    event_uid uuid NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea,
    state text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.dead_letters FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.deprecations (
    district text NOT NULL,
    framework uuid NOT NULL,
    content text NOT NULL
);

ALTER TABLE ONLY outcome.deprecations FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.event_checkpoints (
    consumer text NOT NULL,
    "position" bigint NOT NULL,
    open bigint DEFAULT 0 NOT NULL,
    incarnation uuid
);



CREATE TABLE outcome.frameworks (
    district text NOT NULL,
    id uuid NOT NULL,
    revision integer NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    latest_revision integer NOT NULL,
    latest_time bigint,
    unpublished boolean NOT NULL,
    outcomes integer NOT NULL,
    associations integer NOT NULL,
    progressions integer NOT NULL,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    release_note text DEFAULT '[]'::text NOT NULL
);

ALTER TABLE ONLY outcome.frameworks FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.idempotency (
    district text NOT NULL,
    actor text NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    fingerprint bytea NOT NULL,
    reply text,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.idempotency FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.leases (
    name text NOT NULL,
    holder text NOT NULL,
    until bigint NOT NULL
);



CREATE TABLE outcome.outbox (
    seq bigint NOT NULL,
    "position" bigint,
    uid uuid NOT NULL,
    district text NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    resource_type text NOT NULL,
    subjects text NOT NULL,
    deleted boolean NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea
);

ALTER TABLE ONLY outcome.outbox FORCE ROW LEVEL SECURITY;



ALTER TABLE outcome.outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME outcome.outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE outcome.outcome_least (
    name text NOT NULL,
    version text NOT NULL
);



CREATE TABLE outcome.outcome_migrations (
    name text NOT NULL,
    apply_time bigint NOT NULL
);



CREATE TABLE outcome.outcomes (
    district text NOT NULL,
    framework uuid NOT NULL,
    revision integer NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    item_type text NOT NULL,
    parent uuid,
    list_order integer NOT NULL,
    published integer NOT NULL,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.outcomes FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.proficiency_scales (
    district text NOT NULL,
    id uuid NOT NULL,
    revision integer NOT NULL,
    version bigint NOT NULL,
    latest_revision integer NOT NULL,
    latest_time bigint,
    unpublished boolean NOT NULL,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.proficiency_scales FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.progressions (
    district text NOT NULL,
    framework uuid NOT NULL,
    revision integer NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    outcomes text NOT NULL,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.progressions FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.public_frameworks (
    district text NOT NULL,
    framework uuid NOT NULL
);

ALTER TABLE ONLY outcome.public_frameworks FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.relay (
    id integer NOT NULL,
    head bigint NOT NULL,
    floor bigint DEFAULT 0 NOT NULL,
    compacted bigint DEFAULT 0 NOT NULL,
    holder text DEFAULT ''::text NOT NULL,
    lease_until bigint DEFAULT 0 NOT NULL,
    incarnation uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT relay_id_check CHECK ((id = 1))
);



CREATE TABLE outcome.rubric_outcomes (
    district text NOT NULL,
    framework uuid NOT NULL,
    revision integer NOT NULL,
    rubric uuid NOT NULL,
    outcome uuid NOT NULL,
    held text NOT NULL
);

ALTER TABLE ONLY outcome.rubric_outcomes FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.rubrics (
    district text NOT NULL,
    framework uuid NOT NULL,
    revision integer NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY outcome.rubrics FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.sandbox_floors (
    district text NOT NULL,
    producer text NOT NULL,
    incarnation uuid NOT NULL,
    "position" bigint NOT NULL
);

ALTER TABLE ONLY outcome.sandbox_floors FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.sandboxes (
    district text NOT NULL,
    reset uuid,
    state text NOT NULL,
    floor bigint NOT NULL,
    clock_time bigint NOT NULL,
    ids bigint NOT NULL,
    reset_count bigint NOT NULL,
    reset_time bigint
);

ALTER TABLE ONLY outcome.sandboxes FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.successions (
    district text NOT NULL,
    framework uuid NOT NULL,
    association uuid NOT NULL,
    origin_framework uuid NOT NULL,
    origin uuid NOT NULL,
    destination_district text NOT NULL,
    destination_framework uuid NOT NULL,
    destination uuid NOT NULL
);

ALTER TABLE ONLY outcome.successions FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.transfer_changes (
    district text NOT NULL,
    framework uuid NOT NULL,
    transfer uuid NOT NULL,
    number integer NOT NULL,
    action text NOT NULL,
    section text NOT NULL,
    entry uuid NOT NULL,
    fields text NOT NULL,
    more text DEFAULT ''::text NOT NULL
);

ALTER TABLE ONLY outcome.transfer_changes FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.transfer_issues (
    district text NOT NULL,
    transfer uuid NOT NULL,
    number integer NOT NULL,
    content text NOT NULL
);

ALTER TABLE ONLY outcome.transfer_issues FORCE ROW LEVEL SECURITY;



CREATE TABLE outcome.transfers (
    district text NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    fingerprint text NOT NULL,
    running boolean NOT NULL,
    content text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    cancelled boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY outcome.transfers FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.academic_sessions (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    start_date text NOT NULL,
    end_date text NOT NULL,
    parent_id uuid,
    school_year integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.academic_sessions FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.access_learners (
    district text NOT NULL,
    learner uuid NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL
);

ALTER TABLE ONLY profile.access_learners FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.accesses (
    district text NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL,
    actor text NOT NULL,
    token_id text,
    method text NOT NULL,
    data_class integer NOT NULL,
    relations integer NOT NULL,
    is_write boolean NOT NULL,
    learners text NOT NULL
);

ALTER TABLE ONLY profile.accesses FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.agreements (
    district text NOT NULL,
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    basis text NOT NULL,
    data_classes jsonb NOT NULL,
    organizations jsonb NOT NULL,
    purpose text NOT NULL,
    start_time bigint NOT NULL,
    expire_time bigint NOT NULL,
    revoke_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.agreements FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.applications (
    district text NOT NULL,
    id uuid NOT NULL,
    display_name text NOT NULL,
    vendor text NOT NULL,
    suspended boolean NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.applications FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.classes (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    title text NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    course_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    sessions jsonb NOT NULL,
    first_date text,
    last_date text,
    location text NOT NULL,
    periods jsonb NOT NULL,
    grades jsonb NOT NULL,
    subjects jsonb NOT NULL,
    subject_codes jsonb NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.classes FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.courses (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    title text NOT NULL,
    code text NOT NULL,
    organization_id uuid NOT NULL,
    school_year_id uuid,
    grades jsonb NOT NULL,
    subjects jsonb NOT NULL,
    subject_codes jsonb NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.courses FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.dead_letters (
    district text NOT NULL,
    uid uuid NOT NULL,
    consumer text NOT NULL,
    producer text NOT NULL,
    "position" bigint NOT NULL,
    event_uid uuid NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea,
    state text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY profile.dead_letters FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.demographics (
    district text NOT NULL,
    id uuid NOT NULL,
    active boolean NOT NULL,
    birth_date text,
    facts jsonb NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.demographics FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.enrollments (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    class_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL,
    is_primary boolean NOT NULL,
    begin_date text,
    end_date text,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.enrollments FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.entries (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    facet text NOT NULL,
    other_facet text NOT NULL,
    text jsonb NOT NULL,
    author uuid NOT NULL,
    voice text NOT NULL,
    audience text NOT NULL,
    learner_read_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.entries FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.event_checkpoints (
    consumer text NOT NULL,
    "position" bigint NOT NULL,
    open bigint DEFAULT 0 NOT NULL,
    incarnation uuid
);



CREATE TABLE profile.goal_endorsements (
    district text NOT NULL,
    goal uuid NOT NULL,
    person uuid NOT NULL,
    voice text NOT NULL,
    words jsonb NOT NULL,
    endorse_time bigint NOT NULL
);

ALTER TABLE ONLY profile.goal_endorsements FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.goals (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    outcome text NOT NULL,
    why jsonb NOT NULL,
    milestones jsonb NOT NULL,
    target_date text,
    proposed_by uuid NOT NULL,
    proposer_voice text NOT NULL,
    decided_by uuid,
    decide_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.goals FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.growth_assessments (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    supersedes uuid,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY profile.growth_assessments FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.growth_rules (
    district text NOT NULL,
    id uuid NOT NULL,
    title jsonb NOT NULL,
    method text NOT NULL,
    last_count integer NOT NULL,
    next_weight double precision NOT NULL,
    create_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.growth_rules FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.idempotency (
    district text NOT NULL,
    actor text NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    fingerprint bytea NOT NULL,
    reply text,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY profile.idempotency FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.leases (
    name text NOT NULL,
    holder text NOT NULL,
    until bigint NOT NULL
);



CREATE TABLE profile.levels (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    outcome_key text NOT NULL,
    outcome text NOT NULL,
    rule uuid NOT NULL,
    rule_revision integer NOT NULL,
    progression text NOT NULL,
    value double precision NOT NULL,
    level_count integer NOT NULL,
    rating_count integer NOT NULL,
    latest_assess_time bigint NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.levels FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.organization_ancestors (
    district text NOT NULL,
    organization_id uuid NOT NULL,
    ancestor_id uuid NOT NULL
);

ALTER TABLE ONLY profile.organization_ancestors FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.organizations (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    identifier text NOT NULL,
    parent_id uuid,
    time_zone text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.organizations FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.outbox (
    seq bigint NOT NULL,
    "position" bigint,
    uid uuid NOT NULL,
    district text NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    resource_type text NOT NULL,
    subjects text NOT NULL,
    deleted boolean NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea
);

ALTER TABLE ONLY profile.outbox FORCE ROW LEVEL SECURITY;



ALTER TABLE profile.outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME profile.outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE profile.people (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    enabled boolean NOT NULL,
    given_name text NOT NULL,
    family_name text NOT NULL,
    legal_given_name text NOT NULL,
    legal_middle_name text NOT NULL,
    legal_family_name text NOT NULL,
    pronouns text NOT NULL,
    grades jsonb NOT NULL,
    identifier text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.people FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.person_roles (
    district text NOT NULL,
    id uuid NOT NULL,
    sourced_id text NOT NULL,
    active boolean NOT NULL,
    person_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    role text NOT NULL,
    is_primary boolean NOT NULL,
    begin_date text,
    end_date text,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.person_roles FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.profile_least (
    name text NOT NULL,
    version text NOT NULL
);



CREATE TABLE profile.profile_migrations (
    name text NOT NULL,
    apply_time bigint NOT NULL
);



CREATE TABLE profile.ratings (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    outcome_key text NOT NULL,
    outcome text NOT NULL,
    progression text NOT NULL,
    level integer NOT NULL,
    level_count integer NOT NULL,
    assessment uuid NOT NULL,
    assess_time bigint NOT NULL,
    superseded_by uuid,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.ratings FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.relationships (
    district text NOT NULL,
    id uuid NOT NULL,
    active boolean NOT NULL,
    learner_id uuid NOT NULL,
    other_id uuid NOT NULL,
    kind text NOT NULL,
    education_rights boolean NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.relationships FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.relay (
    id integer NOT NULL,
    head bigint NOT NULL,
    floor bigint DEFAULT 0 NOT NULL,
    compacted bigint DEFAULT 0 NOT NULL,
    holder text DEFAULT ''::text NOT NULL,
    lease_until bigint DEFAULT 0 NOT NULL,
    incarnation uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT relay_id_check CHECK ((id = 1))
);



CREATE TABLE profile.revoked_tokens (
    district text NOT NULL,
    id uuid NOT NULL,
    token_id text NOT NULL,
    expire_time bigint NOT NULL,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY profile.revoked_tokens FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.roster_issues (
    district text NOT NULL,
    transfer_id uuid NOT NULL,
    "position" integer NOT NULL,
    severity text NOT NULL,
    file text NOT NULL,
    line bigint NOT NULL,
    field text NOT NULL,
    reason text NOT NULL,
    text text NOT NULL
);

ALTER TABLE ONLY profile.roster_issues FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.roster_transfers (
    district text NOT NULL,
    id uuid NOT NULL,
    dry_run boolean NOT NULL,
    succeeded boolean NOT NULL,
    files jsonb NOT NULL,
    error_count integer NOT NULL,
    warning_count integer NOT NULL,
    actor text NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY profile.roster_transfers FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.sandbox_floors (
    district text NOT NULL,
    producer text NOT NULL,
    incarnation uuid NOT NULL,
    "position" bigint NOT NULL
);

ALTER TABLE ONLY profile.sandbox_floors FORCE ROW LEVEL SECURITY;



CREATE TABLE profile.sandboxes (
    district text NOT NULL,
    reset uuid,
    state text NOT NULL,
    floor bigint NOT NULL,
    clock_time bigint NOT NULL,
    ids bigint NOT NULL,
    reset_count bigint NOT NULL,
    reset_time bigint
);

ALTER TABLE ONLY profile.sandboxes FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.access_learners (
    district text NOT NULL,
    learner uuid NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL
);

ALTER TABLE ONLY scheduling.access_learners FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.accesses (
    district text NOT NULL,
    access_time bigint NOT NULL,
    uid uuid NOT NULL,
    actor text NOT NULL,
    token_id text,
    method text NOT NULL,
    data_class integer NOT NULL,
    relations integer NOT NULL,
    is_write boolean NOT NULL,
    learners text NOT NULL
);

ALTER TABLE ONLY scheduling.accesses FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.calendars (
    district text NOT NULL,
    id uuid NOT NULL,
    organization uuid NOT NULL,
    title text NOT NULL,
    time_zone text NOT NULL,
    first_date text NOT NULL,
    last_date text NOT NULL,
    blocks jsonb NOT NULL,
    exceptions jsonb NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY scheduling.calendars FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.dead_letters (
    district text NOT NULL,
    uid uuid NOT NULL,
    consumer text NOT NULL,
    producer text NOT NULL,
    "position" bigint NOT NULL,
    event_uid uuid NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea,
    state text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY scheduling.dead_letters FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.event_checkpoints (
    consumer text NOT NULL,
    "position" bigint NOT NULL,
    open bigint DEFAULT 0 NOT NULL,
    incarnation uuid
);



CREATE TABLE scheduling.feeds (
    district text NOT NULL,
    id uuid NOT NULL,
    learner uuid NOT NULL,
    creator uuid NOT NULL,
    digest text NOT NULL,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY scheduling.feeds FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.idempotency (
    district text NOT NULL,
    actor text NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    fingerprint bytea NOT NULL,
    reply text,
    create_time bigint NOT NULL
);

ALTER TABLE ONLY scheduling.idempotency FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.leases (
    name text NOT NULL,
    holder text NOT NULL,
    until bigint NOT NULL
);



CREATE TABLE scheduling.offerings (
    district text NOT NULL,
    id uuid NOT NULL,
    timetable uuid NOT NULL,
    experience uuid NOT NULL,
    title jsonb NOT NULL,
    start_date text NOT NULL,
    end_date text NOT NULL,
    capacity integer NOT NULL,
    blocks jsonb NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY scheduling.offerings FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.outbox (
    seq bigint NOT NULL,
    "position" bigint,
    uid uuid NOT NULL,
    district text NOT NULL,
    kind text NOT NULL,
    resource text NOT NULL,
    resource_type text NOT NULL,
    subjects text NOT NULL,
    deleted boolean NOT NULL,
    actor text NOT NULL,
    event_time bigint NOT NULL,
    payload_type text,
    payload bytea
);

ALTER TABLE ONLY scheduling.outbox FORCE ROW LEVEL SECURITY;



ALTER TABLE scheduling.outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME scheduling.outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);



CREATE TABLE scheduling.plan_outcomes (
    district text NOT NULL,
    id uuid NOT NULL,
    plan uuid NOT NULL,
    learner uuid NOT NULL,
    offering uuid NOT NULL,
    rank integer NOT NULL,
    verdict text NOT NULL,
    clashes_with uuid,
    create_time bigint NOT NULL,
    refusal jsonb
);

ALTER TABLE ONLY scheduling.plan_outcomes FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.plans (
    district text NOT NULL,
    id uuid NOT NULL,
    timetable uuid NOT NULL,
    seed bigint NOT NULL,
    state text NOT NULL,
    revision integer NOT NULL,
    publish_time bigint,
    learner_count integer NOT NULL,
    request_count integer NOT NULL,
    placement_count integer NOT NULL,
    first_choice_count integer NOT NULL,
    unmet_count integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL,
    made jsonb
);

ALTER TABLE ONLY scheduling.plans FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.relay (
    id integer NOT NULL,
    head bigint NOT NULL,
    floor bigint DEFAULT 0 NOT NULL,
    compacted bigint DEFAULT 0 NOT NULL,
    holder text DEFAULT ''::text NOT NULL,
    lease_until bigint DEFAULT 0 NOT NULL,
    incarnation uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT relay_id_check CHECK ((id = 1))
);



CREATE TABLE scheduling.request_lists (
    district text NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY scheduling.request_lists FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.requests (
    district text NOT NULL,
    id uuid NOT NULL,
    timetable uuid NOT NULL,
    learner uuid NOT NULL,
    offering uuid NOT NULL,
    required boolean NOT NULL,
    rank integer NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY scheduling.requests FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.sandbox_floors (
    district text NOT NULL,
    producer text NOT NULL,
    incarnation uuid NOT NULL,
    "position" bigint NOT NULL
);

ALTER TABLE ONLY scheduling.sandbox_floors FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.sandboxes (
    district text NOT NULL,
    reset uuid,
    state text NOT NULL,
    floor bigint NOT NULL,
    clock_time bigint NOT NULL,
    ids bigint NOT NULL,
    reset_count bigint NOT NULL,
    reset_time bigint
);

ALTER TABLE ONLY scheduling.sandboxes FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.scheduling_least (
    name text NOT NULL,
    version text NOT NULL
);



CREATE TABLE scheduling.scheduling_migrations (
    name text NOT NULL,
    apply_time bigint NOT NULL
);



CREATE TABLE scheduling.solves (
    district text NOT NULL,
    id uuid NOT NULL,
    timetable uuid NOT NULL,
    running boolean NOT NULL,
    told text NOT NULL,
    content jsonb NOT NULL,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL
);

ALTER TABLE ONLY scheduling.solves FORCE ROW LEVEL SECURITY;



CREATE TABLE scheduling.timetables (
    district text NOT NULL,
    id uuid NOT NULL,
    calendar uuid NOT NULL,
    academic_session uuid,
    title text NOT NULL,
    request_open_time bigint,
    request_close_time bigint,
    published_plan uuid,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL
);

ALTER TABLE ONLY scheduling.timetables FORCE ROW LEVEL SECURITY;

































INSERT INTO experience.experience_migrations VALUES ('house_0001', 1795871494372624);
INSERT INTO experience.experience_migrations VALUES ('house_0002_events', 1795871494391716);
INSERT INTO experience.experience_migrations VALUES ('house_0003_audit', 1795871494400093);
INSERT INTO experience.experience_migrations VALUES ('house_0004_incarnation', 1795871494411300);
INSERT INTO experience.experience_migrations VALUES ('house_0005_leases', 1795871494414055);
INSERT INTO experience.experience_migrations VALUES ('house_0006_sandboxes', 1795871494424152);
INSERT INTO experience.experience_migrations VALUES ('m0001_tables', 1795871494489204);
























INSERT INTO experience.relay VALUES (1, 0, 0, 0, '', 0, '6017ab0d-1a46-46f4-8df8-94b081030ef9');



















































INSERT INTO outcome.outcome_migrations VALUES ('house_0001', 1795871493993601);
INSERT INTO outcome.outcome_migrations VALUES ('house_0002_events', 1795871494003179);
INSERT INTO outcome.outcome_migrations VALUES ('house_0003_audit', 1795871494009200);
INSERT INTO outcome.outcome_migrations VALUES ('house_0004_incarnation', 1795871494016101);
INSERT INTO outcome.outcome_migrations VALUES ('house_0005_leases', 1795871494017532);
INSERT INTO outcome.outcome_migrations VALUES ('house_0006_sandboxes', 1795871494024089);
INSERT INTO outcome.outcome_migrations VALUES ('m0001_outcome', 1795871494053647);
INSERT INTO outcome.outcome_migrations VALUES ('m0003_versions', 1795871494064118);
INSERT INTO outcome.outcome_migrations VALUES ('m0005_scales', 1795871494066551);
INSERT INTO outcome.outcome_migrations VALUES ('m0006_imports', 1795871494071685);
INSERT INTO outcome.outcome_migrations VALUES ('m0007_rubrics', 1795871494083309);
INSERT INTO outcome.outcome_migrations VALUES ('m0008_adoptions', 1795871494091949);
INSERT INTO outcome.outcome_migrations VALUES ('m0009_public_frameworks', 1795871494093618);
INSERT INTO outcome.outcome_migrations VALUES ('m0010_runs', 1795871494099128);
INSERT INTO outcome.outcome_migrations VALUES ('m0011_event_types', 1795871494099600);















INSERT INTO outcome.relay VALUES (1, 0, 0, 0, '', 0, 'c4ffa1cb-f358-4252-83b9-9439b193f0af');



























INSERT INTO profile.academic_sessions VALUES ('grand-bend', '6ef262c5-6b45-5af3-8d8f-fedef9620c2d', 'year', true, 'This year', 'schoolYear', '2026-07-31', '2027-06-16', NULL, 2027, 1795871494741513, 1795871494741513, 1);



INSERT INTO profile.access_learners VALUES ('grand-bend', '1b0808a9-1c3a-53d9-9816-1824fa81c598', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '29c2c484-0953-52d3-b15b-06559fdd2ad1', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '2e280871-27b2-56c1-9a8b-553512746ced', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '350c6773-eec5-5a41-8a28-db3eef5b54aa', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '35acf99d-e2da-572d-a4c4-ebce994778ef', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '535ffe10-d9d6-5a30-8729-bfd6c167630e', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '7395bfb9-0c38-5c9a-adff-5bafea23fd88', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', '8ca3ac06-529c-5c5b-b7f8-40e7ea2d161a', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');
INSERT INTO profile.access_learners VALUES ('grand-bend', 'a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f');



INSERT INTO profile.accesses VALUES ('grand-bend', 1795871494741513, '01a22248-52a2-72d7-81bf-94f22f08093f', 'operator', '01a22248-51cb-7071-802f-c320e27aa78e', '/trellis.profile.v1alpha1.RosterTransferService/ImportRoster', 1, 128, true, '["1b0808a91c3a53d998161824fa81c598","29c2c484095352d3b15b06559fdd2ad1","2e28087127b256c19a8b553512746ced","350c6773eec55a418a28db3eef5b54aa","35acf99de2da572da4c4ebce994778ef","535ffe10d9d65a308729bfd6c167630e","7395bfb90c385c9aadff5bafea23fd88","8ca3ac06529c5c5bb7f840e7ea2d161a","a4f664b472a6551f8afb3dbfd5a2dc88"]');









INSERT INTO profile.classes VALUES ('grand-bend', 'c09971fb-2194-5a0d-87f0-76ff4b68d7f2', 'algebra', true, 'Algebra', 'ALG', 'scheduled', 'de11f78e-51af-518e-a2a8-b0126b7116c8', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', '["6ef262c5-6b45-5af3-8d8f-fedef9620c2d"]', '2026-07-31', '2027-06-16', '1', '["1"]', '[]', '[]', '[]', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.classes VALUES ('grand-bend', 'f0f78c4c-33c6-5409-9973-a127717df391', 'geometry', true, 'Geometry', 'GEO', 'scheduled', '179b09ff-c5ac-536e-86fe-e0e73719f19d', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', '["6ef262c5-6b45-5af3-8d8f-fedef9620c2d"]', '2026-07-31', '2027-06-16', '2', '["1"]', '[]', '[]', '[]', 1795871494741513, 1795871494741513, 1);



INSERT INTO profile.courses VALUES ('grand-bend', 'de11f78e-51af-518e-a2a8-b0126b7116c8', 'alg', true, 'Algebra', 'ALG', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', NULL, '[]', '[]', '[]', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.courses VALUES ('grand-bend', '179b09ff-c5ac-536e-86fe-e0e73719f19d', 'geo', true, 'Geometry', 'GEO', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', NULL, '[]', '[]', '[]', 1795871494741513, 1795871494741513, 1);






INSERT INTO profile.demographics VALUES ('grand-bend', 'a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', true, '2011-11-28', '{}', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.demographics VALUES ('grand-bend', '2e280871-27b2-56c1-9a8b-553512746ced', true, '2011-11-28', '{}', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.demographics VALUES ('grand-bend', '7395bfb9-0c38-5c9a-adff-5bafea23fd88', true, '2011-11-28', '{}', 1795871494741513, 1795871494741513, 1);



INSERT INTO profile.enrollments VALUES ('grand-bend', '67298600-f28e-54a1-8360-ff7344d4f3be', 'e-educator', true, 'c09971fb-2194-5a0d-87f0-76ff4b68d7f2', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', '35acf99d-e2da-572d-a4c4-ebce994778ef', 'teacher', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.enrollments VALUES ('grand-bend', '09878c06-cf7c-5d91-9619-7be566641e64', 'e-other-educator', true, 'f0f78c4c-33c6-5409-9973-a127717df391', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', '350c6773-eec5-5a41-8a28-db3eef5b54aa', 'teacher', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.enrollments VALUES ('grand-bend', '0f6868b1-beda-50aa-ae63-4f787d13ee94', 'e-learner', true, 'c09971fb-2194-5a0d-87f0-76ff4b68d7f2', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', 'student', false, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.enrollments VALUES ('grand-bend', '8aba14ce-c089-5d73-9802-51a0d4c880ac', 'e-classmate', true, 'c09971fb-2194-5a0d-87f0-76ff4b68d7f2', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', '2e280871-27b2-56c1-9a8b-553512746ced', 'student', false, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.enrollments VALUES ('grand-bend', 'b2b050c5-1cf3-56ac-ad14-ad27cc48923f', 'e-other-learner', true, 'f0f78c4c-33c6-5409-9973-a127717df391', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', '7395bfb9-0c38-5c9a-adff-5bafea23fd88', 'student', false, NULL, NULL, 1795871494741513, 1795871494741513, 1);
























INSERT INTO profile.leases VALUES ('follow growth/experience', '01a22248-5000-750f-981b-bd85a90ba287', 1795871499697893);






INSERT INTO profile.organization_ancestors VALUES ('grand-bend', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', '38156a8e-5e1d-557e-b8b5-42be2d16a2de');
INSERT INTO profile.organization_ancestors VALUES ('grand-bend', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4');
INSERT INTO profile.organization_ancestors VALUES ('grand-bend', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', '38156a8e-5e1d-557e-b8b5-42be2d16a2de');
INSERT INTO profile.organization_ancestors VALUES ('grand-bend', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6');
INSERT INTO profile.organization_ancestors VALUES ('grand-bend', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', '38156a8e-5e1d-557e-b8b5-42be2d16a2de');



INSERT INTO profile.organizations VALUES ('grand-bend', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'district', true, 'Grand Bend', 'district', 'd', NULL, 'America/Chicago', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.organizations VALUES ('grand-bend', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'high', true, 'High School', 'school', 'h', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'America/Chicago', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.organizations VALUES ('grand-bend', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', 'middle', true, 'Middle School', 'school', 'm', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'America/Chicago', 1795871494741513, 1795871494741513, 1);



INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (1, 1, '01a22248-529f-741c-9f9a-1a73d4e3d6ed', 'grand-bend', 'organization.created', 'districts/grand-bend/organizations/38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'trellis.dev/Organization', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (2, 2, '01a22248-529f-741c-9f9a-1a74a6f70967', 'grand-bend', 'organization.created', 'districts/grand-bend/organizations/0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'trellis.dev/Organization', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (3, 3, '01a22248-529f-741c-9f9a-1a753ffb99d8', 'grand-bend', 'organization.created', 'districts/grand-bend/organizations/1dd71f80-7d16-5d41-8610-3ee3e4f796f6', 'trellis.dev/Organization', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (4, 4, '01a22248-529f-741c-9f9a-1a76203907b9', 'grand-bend', 'academic_session.created', 'districts/grand-bend/academicSessions/6ef262c5-6b45-5af3-8d8f-fedef9620c2d', 'trellis.dev/AcademicSession', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (5, 5, '01a22248-529f-741c-9f9a-1a77dba5fc7d', 'grand-bend', 'course.created', 'districts/grand-bend/courses/de11f78e-51af-518e-a2a8-b0126b7116c8', 'trellis.dev/Course', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (6, 6, '01a22248-529f-741c-9f9a-1a78dc506123', 'grand-bend', 'course.created', 'districts/grand-bend/courses/179b09ff-c5ac-536e-86fe-e0e73719f19d', 'trellis.dev/Course', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (7, 7, '01a22248-529f-741c-9f9a-1a79c2e3ec6f', 'grand-bend', 'class.created', 'districts/grand-bend/classes/c09971fb-2194-5a0d-87f0-76ff4b68d7f2', 'trellis.dev/Class', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (8, 8, '01a22248-529f-741c-9f9a-1a7a00ced814', 'grand-bend', 'class.created', 'districts/grand-bend/classes/f0f78c4c-33c6-5409-9973-a127717df391', 'trellis.dev/Class', '[]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (9, 9, '01a22248-529f-741c-9f9a-1a7bcfea20a1', 'grand-bend', 'person.created', 'districts/grand-bend/people/29c2c484-0953-52d3-b15b-06559fdd2ad1', 'trellis.dev/Person', '["29c2c484-0953-52d3-b15b-06559fdd2ad1"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (10, 10, '01a22248-529f-741c-9f9a-1a7ca89c6af7', 'grand-bend', 'person.created', 'districts/grand-bend/people/1b0808a9-1c3a-53d9-9816-1824fa81c598', 'trellis.dev/Person', '["1b0808a9-1c3a-53d9-9816-1824fa81c598"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (11, 11, '01a22248-529f-741c-9f9a-1a7d7bfb764c', 'grand-bend', 'person.created', 'districts/grand-bend/people/35acf99d-e2da-572d-a4c4-ebce994778ef', 'trellis.dev/Person', '["35acf99d-e2da-572d-a4c4-ebce994778ef"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (12, 12, '01a22248-529f-741c-9f9a-1a7e6347e642', 'grand-bend', 'person.created', 'districts/grand-bend/people/350c6773-eec5-5a41-8a28-db3eef5b54aa', 'trellis.dev/Person', '["350c6773-eec5-5a41-8a28-db3eef5b54aa"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (13, 13, '01a22248-529f-741c-9f9a-1a7fbd0737be', 'grand-bend', 'person.created', 'districts/grand-bend/people/a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', 'trellis.dev/Person', '["a4f664b4-72a6-551f-8afb-3dbfd5a2dc88"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (14, 14, '01a22248-529f-741c-9f9a-1a802962e8df', 'grand-bend', 'person.created', 'districts/grand-bend/people/2e280871-27b2-56c1-9a8b-553512746ced', 'trellis.dev/Person', '["2e280871-27b2-56c1-9a8b-553512746ced"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (15, 15, '01a22248-529f-741c-9f9a-1a81a4eb3706', 'grand-bend', 'person.created', 'districts/grand-bend/people/7395bfb9-0c38-5c9a-adff-5bafea23fd88', 'trellis.dev/Person', '["7395bfb9-0c38-5c9a-adff-5bafea23fd88"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (16, 16, '01a22248-529f-741c-9f9a-1a82bf769e98', 'grand-bend', 'person.created', 'districts/grand-bend/people/8ca3ac06-529c-5c5b-b7f8-40e7ea2d161a', 'trellis.dev/Person', '["8ca3ac06-529c-5c5b-b7f8-40e7ea2d161a"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (17, 17, '01a22248-529f-741c-9f9a-1a837ff217e9', 'grand-bend', 'person.created', 'districts/grand-bend/people/535ffe10-d9d6-5a30-8729-bfd6c167630e', 'trellis.dev/Person', '["535ffe10-d9d6-5a30-8729-bfd6c167630e"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (18, 18, '01a22248-529f-741c-9f9a-1a84f07884bb', 'grand-bend', 'enrollment.created', 'districts/grand-bend/enrollments/67298600-f28e-54a1-8360-ff7344d4f3be', 'trellis.dev/Enrollment', '["35acf99d-e2da-572d-a4c4-ebce994778ef"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (19, 19, '01a22248-529f-741c-9f9a-1a85f6a7667d', 'grand-bend', 'enrollment.created', 'districts/grand-bend/enrollments/09878c06-cf7c-5d91-9619-7be566641e64', 'trellis.dev/Enrollment', '["350c6773-eec5-5a41-8a28-db3eef5b54aa"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (20, 20, '01a22248-529f-741c-9f9a-1a865984defb', 'grand-bend', 'enrollment.created', 'districts/grand-bend/enrollments/0f6868b1-beda-50aa-ae63-4f787d13ee94', 'trellis.dev/Enrollment', '["a4f664b4-72a6-551f-8afb-3dbfd5a2dc88"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (21, 21, '01a22248-529f-741c-9f9a-1a87a35b03b0', 'grand-bend', 'enrollment.created', 'districts/grand-bend/enrollments/8aba14ce-c089-5d73-9802-51a0d4c880ac', 'trellis.dev/Enrollment', '["2e280871-27b2-56c1-9a8b-553512746ced"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (22, 22, '01a22248-529f-741c-9f9a-1a88612eebe5', 'grand-bend', 'enrollment.created', 'districts/grand-bend/enrollments/b2b050c5-1cf3-56ac-ad14-ad27cc48923f', 'trellis.dev/Enrollment', '["7395bfb9-0c38-5c9a-adff-5bafea23fd88"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (23, 23, '01a22248-529f-741c-9f9a-1a8986c97f11', 'grand-bend', 'relationship.created', 'districts/grand-bend/people/7395bfb9-0c38-5c9a-adff-5bafea23fd88/relationships/648910ae-9feb-5822-82a3-4a871a91f9c5', 'trellis.dev/Relationship', '["7395bfb9-0c38-5c9a-adff-5bafea23fd88"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (24, 24, '01a22248-529f-741c-9f9a-1a8a6b677def', 'grand-bend', 'relationship.created', 'districts/grand-bend/people/a4f664b4-72a6-551f-8afb-3dbfd5a2dc88/relationships/d34f5ad8-c115-5e74-8893-3d2189850f00', 'trellis.dev/Relationship', '["a4f664b4-72a6-551f-8afb-3dbfd5a2dc88"]', false, 'operator', 1795871494741513, NULL, NULL);
INSERT INTO profile.outbox OVERRIDING SYSTEM VALUE VALUES (25, 25, '01a22248-529f-741c-9f9a-1a8b1bffbffc', 'grand-bend', 'roster.applied', 'districts/grand-bend/rosterTransfers/01a22248-5299-75f9-807c-8adfe75d5490', 'trellis.dev/RosterTransfer', '[]', false, 'operator', 1795871494741513, 'type.googleapis.com/trellis.profile.v1alpha1.RosterApplied', '\x0a496469737472696374732f6772616e642d62656e642f726f737465725472616e73666572732f30316132323234382d353239392d373566392d383037632d3861646665373564353439301024');



INSERT INTO profile.people VALUES ('grand-bend', '29c2c484-0953-52d3-b15b-06559fdd2ad1', 'administrator', true, true, 'Ada', 'Tester', 'Ada', '', 'Tester', '', '[]', 'administrator', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '1b0808a9-1c3a-53d9-9816-1824fa81c598', 'principal', true, true, 'Paula', 'Tester', 'Paula', '', 'Tester', '', '[]', 'principal', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '35acf99d-e2da-572d-a4c4-ebce994778ef', 'educator', true, true, 'Edgar', 'Tester', 'Edgar', '', 'Tester', '', '[]', 'educator', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '350c6773-eec5-5a41-8a28-db3eef5b54aa', 'other-educator', true, true, 'Olga', 'Tester', 'Olga', '', 'Tester', '', '[]', 'other-educator', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', 'a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', 'learner', true, true, 'Lena', 'Tester', 'Lena', '', 'Tester', '', '[]', 'learner', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '2e280871-27b2-56c1-9a8b-553512746ced', 'classmate', true, true, 'Carl', 'Tester', 'Carl', '', 'Tester', '', '[]', 'classmate', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '7395bfb9-0c38-5c9a-adff-5bafea23fd88', 'other-learner', true, true, 'Omar', 'Tester', 'Omar', '', 'Tester', '', '[]', 'other-learner', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '8ca3ac06-529c-5c5b-b7f8-40e7ea2d161a', 'guardian', true, true, 'Gina', 'Tester', 'Gina', '', 'Tester', '', '[]', 'guardian', 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.people VALUES ('grand-bend', '535ffe10-d9d6-5a30-8729-bfd6c167630e', 'other-guardian', true, true, 'Gus', 'Tester', 'Gus', '', 'Tester', '', '[]', 'other-guardian', 1795871494741513, 1795871494741513, 1);



INSERT INTO profile.person_roles VALUES ('grand-bend', 'b6326136-2100-519a-8981-6235950aa8fe', 'r-administrator', true, '29c2c484-0953-52d3-b15b-06559fdd2ad1', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'districtAdministrator', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', 'f126c717-a7c6-5674-959e-fb2ff77d069c', 'r-principal', true, '1b0808a9-1c3a-53d9-9816-1824fa81c598', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'principal', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', 'dc39bab0-b4bf-506e-b18e-c16d1bb296d3', 'r-educator', true, '35acf99d-e2da-572d-a4c4-ebce994778ef', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'teacher', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', 'ddffcd55-558d-5f34-873f-f4d04ace2f0d', 'r-other-educator', true, '350c6773-eec5-5a41-8a28-db3eef5b54aa', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', 'teacher', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', '45ab80b7-3a29-5d60-a49d-0585dcb6df0e', 'r-learner', true, 'a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'student', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', '3bfc9c20-01ce-5f83-b493-d3359c0f09a1', 'r-classmate', true, '2e280871-27b2-56c1-9a8b-553512746ced', '0dcf9aab-7a26-5a58-acc5-8077c0bf5eb4', 'student', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', 'fefb41b5-bca9-5fca-8d9d-3cb3254e0451', 'r-other-learner', true, '7395bfb9-0c38-5c9a-adff-5bafea23fd88', '1dd71f80-7d16-5d41-8610-3ee3e4f796f6', 'student', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', '6f968128-b5f2-5367-a3e7-00551d61289e', 'r-guardian', true, '8ca3ac06-529c-5c5b-b7f8-40e7ea2d161a', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'guardian', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.person_roles VALUES ('grand-bend', '5188bc63-4c8a-583a-b7dc-ecd088d5d6c0', 'r-other-guardian', true, '535ffe10-d9d6-5a30-8729-bfd6c167630e', '38156a8e-5e1d-557e-b8b5-42be2d16a2de', 'guardian', true, NULL, NULL, 1795871494741513, 1795871494741513, 1);






INSERT INTO profile.profile_migrations VALUES ('house_0001', 1795871494158780);
INSERT INTO profile.profile_migrations VALUES ('house_0002_events', 1795871494163879);
INSERT INTO profile.profile_migrations VALUES ('house_0003_audit', 1795871494170875);
INSERT INTO profile.profile_migrations VALUES ('house_0004_incarnation', 1795871494178379);
INSERT INTO profile.profile_migrations VALUES ('house_0005_leases', 1795871494180022);
INSERT INTO profile.profile_migrations VALUES ('house_0006_sandboxes', 1795871494186413);
INSERT INTO profile.profile_migrations VALUES ('m0001_roster', 1795871494247320);
INSERT INTO profile.profile_migrations VALUES ('m0002_agreements', 1795871494251575);
INSERT INTO profile.profile_migrations VALUES ('m0010_learner', 1795871494293070);
INSERT INTO profile.profile_migrations VALUES ('m0011_revoked_tokens', 1795871494300538);






INSERT INTO profile.relationships VALUES ('grand-bend', '648910ae-9feb-5822-82a3-4a871a91f9c5', true, '7395bfb9-0c38-5c9a-adff-5bafea23fd88', '535ffe10-d9d6-5a30-8729-bfd6c167630e', 'guardian', true, 1795871494741513, 1795871494741513, 1);
INSERT INTO profile.relationships VALUES ('grand-bend', 'd34f5ad8-c115-5e74-8893-3d2189850f00', true, 'a4f664b4-72a6-551f-8afb-3dbfd5a2dc88', '8ca3ac06-529c-5c5b-b7f8-40e7ea2d161a', 'guardian', true, 1795871494741513, 1795871494741513, 1);



INSERT INTO profile.relay VALUES (1, 25, 0, 0, '01a22248-5000-750f-981b-bd85a90ba287', 1795871496828674, '21895851-d2a2-4765-af89-c4e13d09aace');









INSERT INTO profile.roster_transfers VALUES ('grand-bend', '01a22248-5299-75f9-807c-8adfe75d5490', false, true, '[{"file": "orgs.csv", "rows": 3, "created": 3, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "academicSessions.csv", "rows": 1, "created": 1, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "courses.csv", "rows": 2, "created": 2, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "classes.csv", "rows": 2, "created": 2, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "users.csv", "rows": 9, "created": 9, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "roles.csv", "rows": 9, "created": 9, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "enrollments.csv", "rows": 5, "created": 5, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "demographics.csv", "rows": 3, "created": 3, "retired": 0, "updated": 0, "unchanged": 0}, {"file": "relationships", "rows": 2, "created": 2, "retired": 0, "updated": 0, "unchanged": 0}]', 0, 0, 'operator', 1795871494741513, 1795871494741513, 1);













































INSERT INTO scheduling.relay VALUES (1, 0, 0, 0, '', 0, '34dd73db-3f52-4ab8-af64-68becd3ae7ee');


















INSERT INTO scheduling.scheduling_migrations VALUES ('house_0001', 1795871494539817);
INSERT INTO scheduling.scheduling_migrations VALUES ('house_0002_events', 1795871494544803);
INSERT INTO scheduling.scheduling_migrations VALUES ('house_0003_audit', 1795871494549308);
INSERT INTO scheduling.scheduling_migrations VALUES ('house_0004_incarnation', 1795871494552225);
INSERT INTO scheduling.scheduling_migrations VALUES ('house_0005_leases', 1795871494553747);
INSERT INTO scheduling.scheduling_migrations VALUES ('house_0006_sandboxes', 1795871494556578);
INSERT INTO scheduling.scheduling_migrations VALUES ('m0001_scheduling', 1795871494582073);
INSERT INTO scheduling.scheduling_migrations VALUES ('m0002_solves', 1795871494587087);









SELECT pg_catalog.setval('experience.outbox_seq_seq', 1, false);



SELECT pg_catalog.setval('outcome.outbox_seq_seq', 1, false);



SELECT pg_catalog.setval('profile.outbox_seq_seq', 25, true);



SELECT pg_catalog.setval('scheduling.outbox_seq_seq', 1, false);



ALTER TABLE ONLY experience.access_learners
    ADD CONSTRAINT access_learners_pkey PRIMARY KEY (district, learner, access_time, uid);



ALTER TABLE ONLY experience.accesses
    ADD CONSTRAINT accesses_pkey PRIMARY KEY (district, access_time, uid);



ALTER TABLE ONLY experience.assessments
    ADD CONSTRAINT assessments_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (district, uid);



ALTER TABLE ONLY experience.design_revisions
    ADD CONSTRAINT design_revisions_pkey PRIMARY KEY (district, design, revision);



ALTER TABLE ONLY experience.designs
    ADD CONSTRAINT designs_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.event_checkpoints
    ADD CONSTRAINT event_checkpoints_pkey PRIMARY KEY (consumer);



ALTER TABLE ONLY experience.evidence_contributors
    ADD CONSTRAINT evidence_contributors_pkey PRIMARY KEY (district, learner, evidence);



ALTER TABLE ONLY experience.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.experience_least
    ADD CONSTRAINT experience_least_pkey PRIMARY KEY (name);



ALTER TABLE ONLY experience.experience_migrations
    ADD CONSTRAINT experience_migrations_pkey PRIMARY KEY (name);



ALTER TABLE ONLY experience.experiences
    ADD CONSTRAINT experiences_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.feedback
    ADD CONSTRAINT feedback_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (district, actor, request_id);



ALTER TABLE ONLY experience.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);



ALTER TABLE ONLY experience.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (seq);



ALTER TABLE ONLY experience.outbox
    ADD CONSTRAINT outbox_position_key UNIQUE ("position");



ALTER TABLE ONLY experience.proposals
    ADD CONSTRAINT proposals_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.reflections
    ADD CONSTRAINT reflections_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY experience.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (id);



ALTER TABLE ONLY experience.sandbox_floors
    ADD CONSTRAINT sandbox_floors_pkey PRIMARY KEY (district, producer);



ALTER TABLE ONLY experience.sandboxes
    ADD CONSTRAINT sandboxes_pkey PRIMARY KEY (district);



ALTER TABLE ONLY outcome.access_learners
    ADD CONSTRAINT access_learners_pkey PRIMARY KEY (district, learner, access_time, uid);



ALTER TABLE ONLY outcome.accesses
    ADD CONSTRAINT accesses_pkey PRIMARY KEY (district, access_time, uid);



ALTER TABLE ONLY outcome.adoption_organizations
    ADD CONSTRAINT adoption_organizations_pkey PRIMARY KEY (district, adoption, organization);



ALTER TABLE ONLY outcome.adoptions
    ADD CONSTRAINT adoptions_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY outcome.associations
    ADD CONSTRAINT associations_pkey PRIMARY KEY (district, framework, revision, id);



ALTER TABLE ONLY outcome.case_entries
    ADD CONSTRAINT case_entries_pkey PRIMARY KEY (district, framework, revision, section, id);



ALTER TABLE ONLY outcome.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (district, uid);



ALTER TABLE ONLY outcome.deprecations
    ADD CONSTRAINT deprecations_pkey PRIMARY KEY (district, framework);



ALTER TABLE ONLY outcome.event_checkpoints
    ADD CONSTRAINT event_checkpoints_pkey PRIMARY KEY (consumer);



ALTER TABLE ONLY outcome.frameworks
    ADD CONSTRAINT frameworks_pkey PRIMARY KEY (district, id, revision);



ALTER TABLE ONLY outcome.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (district, actor, request_id);



ALTER TABLE ONLY outcome.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);



ALTER TABLE ONLY outcome.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (seq);



ALTER TABLE ONLY outcome.outbox
    ADD CONSTRAINT outbox_position_key UNIQUE ("position");



ALTER TABLE ONLY outcome.outcome_least
    ADD CONSTRAINT outcome_least_pkey PRIMARY KEY (name);



ALTER TABLE ONLY outcome.outcome_migrations
    ADD CONSTRAINT outcome_migrations_pkey PRIMARY KEY (name);



ALTER TABLE ONLY outcome.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (district, framework, revision, id);



ALTER TABLE ONLY outcome.proficiency_scales
    ADD CONSTRAINT proficiency_scales_pkey PRIMARY KEY (district, id, revision);



ALTER TABLE ONLY outcome.progressions
    ADD CONSTRAINT progressions_pkey PRIMARY KEY (district, framework, revision, id);



ALTER TABLE ONLY outcome.public_frameworks
    ADD CONSTRAINT public_frameworks_pkey PRIMARY KEY (district, framework);



ALTER TABLE ONLY outcome.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (id);



ALTER TABLE ONLY outcome.rubric_outcomes
    ADD CONSTRAINT rubric_outcomes_pkey PRIMARY KEY (district, framework, revision, rubric, outcome);



ALTER TABLE ONLY outcome.rubrics
    ADD CONSTRAINT rubrics_pkey PRIMARY KEY (district, framework, revision, id);



ALTER TABLE ONLY outcome.sandbox_floors
    ADD CONSTRAINT sandbox_floors_pkey PRIMARY KEY (district, producer);



ALTER TABLE ONLY outcome.sandboxes
    ADD CONSTRAINT sandboxes_pkey PRIMARY KEY (district);



ALTER TABLE ONLY outcome.successions
    ADD CONSTRAINT successions_pkey PRIMARY KEY (district, framework, association);



ALTER TABLE ONLY outcome.transfer_changes
    ADD CONSTRAINT transfer_changes_pkey PRIMARY KEY (district, framework, transfer, number);



ALTER TABLE ONLY outcome.transfer_issues
    ADD CONSTRAINT transfer_issues_pkey PRIMARY KEY (district, transfer, number);



ALTER TABLE ONLY outcome.transfers
    ADD CONSTRAINT transfers_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.academic_sessions
    ADD CONSTRAINT academic_sessions_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.access_learners
    ADD CONSTRAINT access_learners_pkey PRIMARY KEY (district, learner, access_time, uid);



ALTER TABLE ONLY profile.accesses
    ADD CONSTRAINT accesses_pkey PRIMARY KEY (district, access_time, uid);



ALTER TABLE ONLY profile.agreements
    ADD CONSTRAINT agreements_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.classes
    ADD CONSTRAINT classes_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.courses
    ADD CONSTRAINT courses_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (district, uid);



ALTER TABLE ONLY profile.demographics
    ADD CONSTRAINT demographics_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.enrollments
    ADD CONSTRAINT enrollments_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.event_checkpoints
    ADD CONSTRAINT event_checkpoints_pkey PRIMARY KEY (consumer);



ALTER TABLE ONLY profile.goal_endorsements
    ADD CONSTRAINT goal_endorsements_pkey PRIMARY KEY (district, goal, person);



ALTER TABLE ONLY profile.goals
    ADD CONSTRAINT goals_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.growth_assessments
    ADD CONSTRAINT growth_assessments_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.growth_rules
    ADD CONSTRAINT growth_rules_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (district, actor, request_id);



ALTER TABLE ONLY profile.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);



ALTER TABLE ONLY profile.levels
    ADD CONSTRAINT levels_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.organization_ancestors
    ADD CONSTRAINT organization_ancestors_pkey PRIMARY KEY (district, organization_id, ancestor_id);



ALTER TABLE ONLY profile.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (seq);



ALTER TABLE ONLY profile.outbox
    ADD CONSTRAINT outbox_position_key UNIQUE ("position");



ALTER TABLE ONLY profile.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.person_roles
    ADD CONSTRAINT person_roles_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.profile_least
    ADD CONSTRAINT profile_least_pkey PRIMARY KEY (name);



ALTER TABLE ONLY profile.profile_migrations
    ADD CONSTRAINT profile_migrations_pkey PRIMARY KEY (name);



ALTER TABLE ONLY profile.ratings
    ADD CONSTRAINT ratings_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.relationships
    ADD CONSTRAINT relationships_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (id);



ALTER TABLE ONLY profile.revoked_tokens
    ADD CONSTRAINT revoked_tokens_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.roster_issues
    ADD CONSTRAINT roster_issues_pkey PRIMARY KEY (district, transfer_id, "position");



ALTER TABLE ONLY profile.roster_transfers
    ADD CONSTRAINT roster_transfers_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY profile.sandbox_floors
    ADD CONSTRAINT sandbox_floors_pkey PRIMARY KEY (district, producer);



ALTER TABLE ONLY profile.sandboxes
    ADD CONSTRAINT sandboxes_pkey PRIMARY KEY (district);



ALTER TABLE ONLY scheduling.access_learners
    ADD CONSTRAINT access_learners_pkey PRIMARY KEY (district, learner, access_time, uid);



ALTER TABLE ONLY scheduling.accesses
    ADD CONSTRAINT accesses_pkey PRIMARY KEY (district, access_time, uid);



ALTER TABLE ONLY scheduling.calendars
    ADD CONSTRAINT calendars_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (district, uid);



ALTER TABLE ONLY scheduling.event_checkpoints
    ADD CONSTRAINT event_checkpoints_pkey PRIMARY KEY (consumer);



ALTER TABLE ONLY scheduling.feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (district, actor, request_id);



ALTER TABLE ONLY scheduling.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);



ALTER TABLE ONLY scheduling.offerings
    ADD CONSTRAINT offerings_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (seq);



ALTER TABLE ONLY scheduling.outbox
    ADD CONSTRAINT outbox_position_key UNIQUE ("position");



ALTER TABLE ONLY scheduling.plan_outcomes
    ADD CONSTRAINT plan_outcomes_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (id);



ALTER TABLE ONLY scheduling.request_lists
    ADD CONSTRAINT request_lists_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.sandbox_floors
    ADD CONSTRAINT sandbox_floors_pkey PRIMARY KEY (district, producer);



ALTER TABLE ONLY scheduling.sandboxes
    ADD CONSTRAINT sandboxes_pkey PRIMARY KEY (district);



ALTER TABLE ONLY scheduling.scheduling_least
    ADD CONSTRAINT scheduling_least_pkey PRIMARY KEY (name);



ALTER TABLE ONLY scheduling.scheduling_migrations
    ADD CONSTRAINT scheduling_migrations_pkey PRIMARY KEY (name);



ALTER TABLE ONLY scheduling.solves
    ADD CONSTRAINT solves_pkey PRIMARY KEY (district, id);



ALTER TABLE ONLY scheduling.timetables
    ADD CONSTRAINT timetables_pkey PRIMARY KEY (district, id);



CREATE INDEX accesses_actor ON experience.accesses USING btree (district, actor, access_time, uid);



CREATE INDEX accesses_token ON experience.accesses USING btree (district, token_id, access_time, uid) WHERE (token_id IS NOT NULL);



CREATE INDEX assessments_by_learner ON experience.assessments USING btree (district, learner, id);



CREATE UNIQUE INDEX dead_letters_event ON experience.dead_letters USING btree (consumer, producer, event_uid);



CREATE INDEX dead_letters_order ON experience.dead_letters USING btree (district, create_time, uid);



CREATE INDEX dead_letters_resource ON experience.dead_letters USING btree (district, resource);



CREATE INDEX feedback_by_evidence ON experience.feedback USING btree (district, evidence, id);



CREATE INDEX idempotency_age ON experience.idempotency USING btree (create_time);



CREATE INDEX outbox_feed ON experience.outbox USING btree (district, "position");



CREATE INDEX outbox_waiting ON experience.outbox USING btree (seq) WHERE ("position" IS NULL);



CREATE INDEX proposals_by_learner ON experience.proposals USING btree (district, learner, id);



CREATE INDEX reflections_by_learner ON experience.reflections USING btree (district, learner, id);



CREATE INDEX accesses_actor ON outcome.accesses USING btree (district, actor, access_time, uid);



CREATE INDEX accesses_token ON outcome.accesses USING btree (district, token_id, access_time, uid) WHERE (token_id IS NOT NULL);



CREATE INDEX adoption_organizations_by_organization ON outcome.adoption_organizations USING btree (district, organization, adoption);



CREATE INDEX adoptions_by_creation ON outcome.adoptions USING btree (district, create_time, id);



CREATE INDEX adoptions_by_framework ON outcome.adoptions USING btree (district, framework, start_date);



CREATE INDEX adoptions_by_reach ON outcome.adoptions USING btree (district, district_wide, start_date);



CREATE INDEX associations_by_destination ON outcome.associations USING btree (district, framework, revision, destination);



CREATE INDEX associations_by_origin ON outcome.associations USING btree (district, framework, revision, origin);



CREATE INDEX associations_in_order ON outcome.associations USING btree (district, framework, revision, "position", id);



CREATE UNIQUE INDEX dead_letters_event ON outcome.dead_letters USING btree (consumer, producer, event_uid);



CREATE INDEX dead_letters_order ON outcome.dead_letters USING btree (district, create_time, uid);



CREATE INDEX dead_letters_resource ON outcome.dead_letters USING btree (district, resource);



CREATE INDEX frameworks_by_creation ON outcome.frameworks USING btree (district, revision, create_time, id);



CREATE INDEX idempotency_age ON outcome.idempotency USING btree (create_time);



CREATE INDEX outbox_feed ON outcome.outbox USING btree (district, "position");



CREATE INDEX outbox_waiting ON outcome.outbox USING btree (seq) WHERE ("position" IS NULL);



CREATE INDEX outcomes_by_code ON outcome.outcomes USING btree (district, framework, revision, code);



CREATE INDEX outcomes_by_identity ON outcome.outcomes USING btree (district, id);



CREATE INDEX outcomes_by_parent ON outcome.outcomes USING btree (district, framework, revision, parent, list_order, id);



CREATE INDEX outcomes_in_order ON outcome.outcomes USING btree (district, framework, revision, list_order, id);



CREATE INDEX proficiency_scales_by_creation ON outcome.proficiency_scales USING btree (district, revision, create_time, id);



CREATE INDEX rubrics_by_outcome ON outcome.rubric_outcomes USING btree (district, framework, revision, outcome);



CREATE INDEX successions_by_origin ON outcome.successions USING btree (district, origin);



CREATE INDEX academic_sessions_by_start ON profile.academic_sessions USING btree (district, start_date, id);



CREATE INDEX accesses_actor ON profile.accesses USING btree (district, actor, access_time, uid);



CREATE INDEX accesses_token ON profile.accesses USING btree (district, token_id, access_time, uid) WHERE (token_id IS NOT NULL);



CREATE INDEX agreements_by_application ON profile.agreements USING btree (district, application_id);



CREATE INDEX classes_by_title ON profile.classes USING btree (district, title, id);



CREATE INDEX courses_by_title ON profile.courses USING btree (district, title, id);



CREATE UNIQUE INDEX dead_letters_event ON profile.dead_letters USING btree (consumer, producer, event_uid);



CREATE INDEX dead_letters_order ON profile.dead_letters USING btree (district, create_time, uid);



CREATE INDEX dead_letters_resource ON profile.dead_letters USING btree (district, resource);



CREATE INDEX enrollments_by_class ON profile.enrollments USING btree (district, class_id, role);



CREATE INDEX enrollments_by_organization ON profile.enrollments USING btree (district, organization_id);



CREATE INDEX enrollments_by_person ON profile.enrollments USING btree (district, person_id, class_id);



CREATE INDEX entries_learner ON profile.entries USING btree (district, learner, id);



CREATE INDEX goals_learner ON profile.goals USING btree (district, learner, id);



CREATE INDEX growth_assessments_supersedes ON profile.growth_assessments USING btree (district, supersedes);



CREATE INDEX idempotency_age ON profile.idempotency USING btree (create_time);



CREATE INDEX levels_learner ON profile.levels USING btree (district, learner, id);



CREATE UNIQUE INDEX levels_one ON profile.levels USING btree (district, learner, outcome_key, rule);



CREATE INDEX organization_ancestors_by_ancestor ON profile.organization_ancestors USING btree (district, ancestor_id);



CREATE INDEX organizations_by_title ON profile.organizations USING btree (district, title, id);



CREATE INDEX outbox_feed ON profile.outbox USING btree (district, "position");



CREATE INDEX outbox_waiting ON profile.outbox USING btree (seq) WHERE ("position" IS NULL);



CREATE INDEX people_by_name ON profile.people USING btree (district, family_name, given_name, id);



CREATE INDEX person_roles_by_organization ON profile.person_roles USING btree (district, organization_id, role);



CREATE INDEX person_roles_by_person ON profile.person_roles USING btree (district, person_id);



CREATE INDEX ratings_assessment ON profile.ratings USING btree (district, assessment);



CREATE INDEX ratings_learner ON profile.ratings USING btree (district, learner, assess_time, id);



CREATE INDEX ratings_outcome ON profile.ratings USING btree (district, learner, outcome_key);



CREATE INDEX relationships_by_learner ON profile.relationships USING btree (district, learner_id);



CREATE INDEX relationships_by_other ON profile.relationships USING btree (district, other_id);



CREATE INDEX revoked_tokens_ended ON profile.revoked_tokens USING btree (district, expire_time);



CREATE UNIQUE INDEX revoked_tokens_one ON profile.revoked_tokens USING btree (district, token_id);



CREATE INDEX accesses_actor ON scheduling.accesses USING btree (district, actor, access_time, uid);



CREATE INDEX accesses_token ON scheduling.accesses USING btree (district, token_id, access_time, uid) WHERE (token_id IS NOT NULL);



CREATE UNIQUE INDEX dead_letters_event ON scheduling.dead_letters USING btree (consumer, producer, event_uid);



CREATE INDEX dead_letters_order ON scheduling.dead_letters USING btree (district, create_time, uid);



CREATE INDEX dead_letters_resource ON scheduling.dead_letters USING btree (district, resource);



CREATE UNIQUE INDEX feed_of_digest ON scheduling.feeds USING btree (district, digest);



CREATE INDEX feeds_of_learner ON scheduling.feeds USING btree (district, learner);



CREATE INDEX idempotency_age ON scheduling.idempotency USING btree (create_time);



CREATE INDEX offerings_of_timetable ON scheduling.offerings USING btree (district, timetable, id);



CREATE UNIQUE INDEX one_request ON scheduling.requests USING btree (district, timetable, learner, offering, required);



CREATE INDEX outbox_feed ON scheduling.outbox USING btree (district, "position");



CREATE INDEX outbox_waiting ON scheduling.outbox USING btree (seq) WHERE ("position" IS NULL);



CREATE INDEX outcomes_by_rank ON scheduling.plan_outcomes USING btree (district, plan, rank, verdict, id);



CREATE INDEX outcomes_of_learner ON scheduling.plan_outcomes USING btree (district, plan, learner, rank, id);



CREATE INDEX plans_of_timetable ON scheduling.plans USING btree (district, timetable, id);



CREATE INDEX solves_of_timetable ON scheduling.solves USING btree (district, timetable, id);



ALTER TABLE experience.access_learners ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.accesses ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.assessments ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.dead_letters ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.design_revisions ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.designs ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.evidence ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.evidence_contributors ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.experiences ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.feedback ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.idempotency ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.outbox ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.proposals ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.reflections ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.sandbox_floors ENABLE ROW LEVEL SECURITY;


ALTER TABLE experience.sandboxes ENABLE ROW LEVEL SECURITY;


CREATE POLICY trellis_district ON experience.access_learners USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.accesses USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.assessments USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.dead_letters USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.design_revisions USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.designs USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.evidence USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.evidence_contributors USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.experiences USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.feedback USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.idempotency USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.outbox USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.proposals USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.reflections USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.sandbox_floors USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON experience.sandboxes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



ALTER TABLE outcome.access_learners ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.accesses ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.adoption_organizations ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.adoptions ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.associations ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.case_entries ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.dead_letters ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.deprecations ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.frameworks ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.idempotency ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.outbox ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.outcomes ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.proficiency_scales ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.progressions ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.public_frameworks ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.rubric_outcomes ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.rubrics ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.sandbox_floors ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.sandboxes ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.successions ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.transfer_changes ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.transfer_issues ENABLE ROW LEVEL SECURITY;


ALTER TABLE outcome.transfers ENABLE ROW LEVEL SECURITY;


CREATE POLICY trellis_district ON outcome.access_learners USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.accesses USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.adoption_organizations USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.adoptions USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.associations USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.case_entries USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.dead_letters USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.deprecations USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.frameworks USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.idempotency USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.outbox USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.outcomes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.proficiency_scales USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.progressions USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.public_frameworks USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.rubric_outcomes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.rubrics USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.sandbox_floors USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.sandboxes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.successions USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.transfer_changes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.transfer_issues USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON outcome.transfers USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



ALTER TABLE profile.academic_sessions ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.access_learners ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.accesses ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.agreements ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.applications ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.classes ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.courses ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.dead_letters ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.demographics ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.enrollments ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.entries ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.goal_endorsements ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.goals ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.growth_assessments ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.growth_rules ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.idempotency ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.levels ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.organization_ancestors ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.organizations ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.outbox ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.people ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.person_roles ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.ratings ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.relationships ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.revoked_tokens ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.roster_issues ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.roster_transfers ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.sandbox_floors ENABLE ROW LEVEL SECURITY;


ALTER TABLE profile.sandboxes ENABLE ROW LEVEL SECURITY;


CREATE POLICY trellis_district ON profile.academic_sessions USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.access_learners USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.accesses USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.agreements USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.applications USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.classes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.courses USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.dead_letters USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.demographics USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.enrollments USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.entries USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.goal_endorsements USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.goals USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.growth_assessments USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.growth_rules USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.idempotency USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.levels USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.organization_ancestors USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.organizations USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.outbox USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.people USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.person_roles USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.ratings USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.relationships USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.revoked_tokens USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.roster_issues USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.roster_transfers USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.sandbox_floors USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON profile.sandboxes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



ALTER TABLE scheduling.access_learners ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.accesses ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.calendars ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.dead_letters ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.feeds ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.idempotency ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.offerings ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.outbox ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.plan_outcomes ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.plans ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.request_lists ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.requests ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.sandbox_floors ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.sandboxes ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.solves ENABLE ROW LEVEL SECURITY;


ALTER TABLE scheduling.timetables ENABLE ROW LEVEL SECURITY;


CREATE POLICY trellis_district ON scheduling.access_learners USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.accesses USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.calendars USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.dead_letters USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.feeds USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.idempotency USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.offerings USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.outbox USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.plan_outcomes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.plans USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.request_lists USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.requests USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.sandbox_floors USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.sandboxes USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.solves USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));



CREATE POLICY trellis_district ON scheduling.timetables USING (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text))) WITH CHECK (((district = current_setting('trellis.district'::text, true)) OR (current_setting('trellis.district'::text, true) = '*'::text)));




