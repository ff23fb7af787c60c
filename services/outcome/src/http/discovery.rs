//! The description of the service (CASE 1.1, REST binding, section 2.5), as `OpenAPI` 3.0.

use serde_json::{Map, Value, json};

use crate::domain::case::write::Version;

/// The endpoints that name one resource: path, operation, what it answers with, its schema, what it is.
const RESOURCES: [(&str, &str, &str, &str); 11] = [
    ("CFDocuments", "getCFDocument", "cfdocument", "A framework."),
    ("CFPackages", "getCFPackage", "cfpackage", "A framework with everything in it."),
    ("CFItems", "getCFItem", "cfitem", "An outcome."),
    (
        "CFItemAssociations",
        "getCFItemAssociations",
        "cfassociationset",
        "An outcome and the associations that start from it or lead to it.",
    ),
    ("CFAssociations", "getCFAssociation", "cfassociation", "An association."),
    (
        "CFAssociationGroupings",
        "getCFAssociationGrouping",
        "cfassociationgrouping",
        "A group that associations are in.",
    ),
    ("CFConcepts", "getCFConcept", "cfconceptset", "A concept and those below it."),
    ("CFSubjects", "getCFSubject", "cfsubjectset", "A subject and those below it."),
    ("CFItemTypes", "getCFItemType", "cfitemtypeset", "A type of outcomes and those below it."),
    ("CFLicenses", "getCFLicense", "cflicense", "A licence."),
    ("CFRubrics", "getCFRubric", "cfrubric", "A rubric."),
];

/// The name under which it is served.
pub(super) const fn file(version: Version) -> &'static str {
    match version {
        Version::V1p1 => "imscasev1p1_openapi3_v1p0.json",
        Version::V1p0 => "imscasev1p0_openapi3_v1p0.json",
    }
}

/// Describes the provider at `base`.
pub(super) fn document(base: &str, version: Version) -> Value {
    let mut paths = Map::new();
    let parameters = LIST.map(|(name, kind, description)| {
        json!({"name": name, "in": "query", "description": description, "schema": {"type": kind}})
    });
    let list = operation("getAllCFDocuments", "The frameworks.", "cfdocumentset", &parameters, version);
    paths.insert("/CFDocuments".to_owned(), list);
    for (collection, name, schema, description) in RESOURCES {
        let id = json!({
            "name": "sourcedId", "in": "path", "required": true, "description": "Its identifier.",
            "schema": {"type": "string", "format": "uuid"},
        });
        let one = operation(name, description, schema, &[id], version);
        paths.insert(format!("/{collection}/{{sourcedId}}"), one);
    }
    let number = match version {
        Version::V1p1 => "1.1",
        Version::V1p0 => "1.0",
    };
    json!({
        "openapi": "3.0.1",
        "info": {
            "title": "Competencies and Academic Standards Exchange (CASE) Service",
            "version": number,
            "description": "The newest published revision of each framework of a district. What a district \
                has opened to everybody is read without a token.",
        },
        "servers": [{"url": base}],
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
    })
}

/// The parameters of the list: name, type, meaning.
const LIST: [(&str, &str, &str); 6] = [
    ("limit", "integer", "How many at most; 100 where it is not given, and never more than 1000."),
    ("offset", "integer", "How many are left out before the first."),
    ("sort", "string", "The field to sort by."),
    ("orderBy", "string", "`asc` or `desc`."),
    ("filter", "string", "`<field><predicate>'<value>'`, once, or twice with ` AND ` or ` OR ` between."),
    ("fields", "string", "The fields to answer with, with commas between."),
];

fn operation(name: &str, summary: &str, schema: &str, parameters: &[Value], version: Version) -> Value {
    // Of 1.0 there are no schemas as files: its replies say less than 1.1 allows.
    let content = |schema: &str| match version {
        Version::V1p1 => json!({"application/json": {"schema": {"$ref": address(schema)}}}),
        Version::V1p0 => json!({"application/json": {}}),
    };
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({"description": "Found.", "content": content(schema)}));
    for (status, description) in REFUSALS {
        let refused = json!({"description": description, "content": content("imsx_statusinfo")});
        responses.insert(status.to_owned(), refused);
    }
    json!({"get": {
        "operationId": name, "summary": summary, "parameters": parameters, "responses": responses,
    }})
}

/// What is answered otherwise (table 2.4).
const REFUSALS: [(&str, &str); 7] = [
    ("400", "A parameter says nothing that it may say (invalid_selection_field)."),
    ("401", "A token is required (unauthorised_request)."),
    ("403", "The token does not allow it (forbidden)."),
    ("404", "There is no such thing (unknownobject), or the identifier is no UUID (invalid_uuid)."),
    ("429", "Too many requests; Retry-After says when to come again (server_busy)."),
    ("500", "The server has failed (internal_server_error)."),
    ("default", "The server cannot answer now."),
];

fn address(schema: &str) -> String {
    format!("https://purl.imsglobal.org/spec/case/v1p1/schema/json/case_v1p1_{schema}-jsonschema1.json")
}
