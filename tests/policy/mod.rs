//! Who may call what: the rules written by hand, the contract, and the running suite must agree.
//!
//! `rules.toml` is written from the rules, for people. `matrix.md` is made from the contract: every method and
//! every caller. The last test asks the suite itself, over a socket, once for every cell.

pub(crate) mod ask;
pub(crate) mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use trellis_contracts::METHODS;
use trellis_contracts::common::DataClass;
use trellis_contracts::guard::Method;
use trellis_kernel::{Relation, Relations};

/// The callers whom the rules name, in the order of the matrix.
const CALLERS: [&str; 9] = [
    "self",
    "classmate",
    "guardian",
    "teacher",
    "other_educator",
    "administrator",
    "operator",
    "application",
    "other_application",
];

#[derive(Deserialize)]
struct Rules {
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    title: String,
    why: String,
    allow: BTreeSet<String>,
    methods: Vec<String>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policy").join(name)
}

fn rules() -> Vec<Rule> {
    let text = fs::read_to_string(file("rules.toml")).expect("the rules");
    toml::from_str::<Rules>(&text).unwrap_or_else(|e| panic!("rules.toml: {e}")).rule
}

/// `profile.GoalService.GetGoal`.
fn short(method: &Method) -> String {
    let service =
        method.service.trim_start_matches("trellis.").replace(".v1alpha1.", ".").replace(".v1.", ".");
    format!("{service}.{}", method.name)
}

/// Whom the rules let call each method.
fn by_rule() -> BTreeMap<String, BTreeSet<String>> {
    let mut allowed = BTreeMap::new();
    for rule in rules() {
        assert!(rule.why.len() > 20, "{} does not say why", rule.title);
        for caller in &rule.allow {
            assert!(CALLERS.contains(&caller.as_str()), "{}: nobody is called {caller}", rule.title);
        }
        for method in rule.methods {
            assert!(
                allowed.insert(method.clone(), rule.allow.clone()).is_none(),
                "{method} stands in two rules"
            );
        }
    }
    allowed
}

/// Whom the contract lets call a method: what the guard will make of the option.
fn by_contract(method: &Method) -> BTreeSet<String> {
    let about_learner = scene::is_about_a_learner(method);
    let holds = |caller: &str| {
        let relations =
            if about_learner { to_the_learner(caller, method) } else { to_the_district(caller, method) };
        method.any_caller || relations.meets(method.relations)
    };
    CALLERS.into_iter().filter(|caller| holds(caller)).map(str::to_owned).collect()
}

fn to_the_learner(caller: &str, method: &Method) -> Relations {
    let covered = method.data_class != DataClass::Sensitive as i32;
    let relation = match caller {
        "self" => Some(Relation::Own),
        "guardian" => Some(Relation::Guardian),
        "teacher" => Some(Relation::Educator),
        "administrator" => Some(Relation::District),
        "operator" => Some(Relation::Operator),
        "application" if covered => Some(Relation::Application),
        _ => None,
    };
    relation.into_iter().collect()
}

fn to_the_district(caller: &str, method: &Method) -> Relations {
    let record =
        [DataClass::EducationRecord as i32, DataClass::Sensitive as i32].contains(&method.data_class);
    match caller {
        "teacher" | "other_educator" => [Relation::Member, Relation::Educator].into_iter().collect(),
        "administrator" => [Relation::Member, Relation::District].into_iter().collect(),
        "operator" => Relations::NONE.with(Relation::Operator),
        "other_application" if record => Relations::NONE,
        "application" | "other_application" => Relations::NONE.with(Relation::Application),
        _ => Relations::NONE.with(Relation::Member),
    }
}

#[test]
fn the_rules_cover_every_method_once() {
    let ruled: BTreeSet<String> = by_rule().into_keys().collect();
    let served: BTreeSet<String> = METHODS.iter().map(|method| short(method)).collect();
    assert_eq!(ruled, served);
}

#[test]
fn the_contract_says_what_the_rules_say() {
    let ruled = by_rule();
    let mut wrong = String::new();
    for method in METHODS {
        let (rule, contract) = (&ruled[&short(method)], by_contract(method));
        if *rule != contract {
            writeln!(wrong, "{}\n  rules:    {rule:?}\n  contract: {contract:?}", short(method))
                .expect("a string");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_matrix_is_as_published() {
    let made = matrix();
    let path = file("matrix.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &made).expect("the matrix is written");
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == made,
        "tests/policy/matrix.md is not what the contract says: UPDATE_GOLDEN=1 makes it anew"
    );
}

/// The whole matrix, for a privacy officer to read.
fn matrix() -> String {
    let mut out = String::from(INTRODUCTION);
    let contract: BTreeMap<String, &Method> = METHODS.iter().map(|method| (short(method), *method)).collect();
    for rule in rules() {
        writeln!(out, "\n## {}\n\n{}\n", rule.title, rule.why).expect("a string");
        out.push_str("| method | data | no token | other district | no scope |");
        for caller in CALLERS {
            write!(out, " {} |", caller.replace('_', " ")).expect("a string");
        }
        writeln!(out, "\n|---|---|{}", "---|".repeat(CALLERS.len() + 3)).expect("a string");
        for name in rule.methods {
            let method = contract[&name];
            let class = DataClass::try_from(method.data_class).expect("a class").as_str_name();
            let class = class.trim_start_matches("DATA_CLASS_").to_lowercase().replace('_', " ");
            let open = if method.any_caller { "yes" } else { "–" };
            write!(out, "| `{name}` | {class} | – | {open} | {open} |").expect("a string");
            let allowed = by_contract(method);
            for caller in CALLERS {
                write!(out, " {} |", if allowed.contains(caller) { "yes" } else { "–" }).expect("a string");
            }
            out.push('\n');
        }
    }
    out
}

const INTRODUCTION: &str = "# Who may call what

Made from the contracts; a test compares it with the rules that are written by hand (`rules.toml`) and with what the
running suite answers. The view is that of one learner: *self* is the learner whom the resource is about (where it is
about none: any learner), *classmate* another learner, *teacher* an educator who teaches the learner now, *other
educator* one who does not, *operator* the district's IT by a token of its own, *application* a product whose agreement
covers the learner's school and education records, *other application* one whose agreement covers another school and
the directory only. A dash is a refusal. Where a method lists, *yes* opens the list: the rows that the caller may not
see are left out of it.
";

#[test]
fn the_suite_answers_as_the_rules_say() {
    trellis_testkit::run(async {
        let scene = scene::Scene::set().await;
        let ruled = by_rule();
        let (mut wrong, mut asked) = (String::new(), 0);
        for method in METHODS {
            let allowed = &ruled[&short(method)];
            let mut expect = vec![
                ("nobody", ask::Answer::NoToken),
                ("stranger", if method.any_caller { ask::Answer::Admitted } else { ask::Answer::NoAccess }),
                ("scopeless", if method.any_caller { ask::Answer::Admitted } else { ask::Answer::NoScope }),
            ];
            expect.extend(CALLERS.map(|caller| {
                (caller, if allowed.contains(caller) { ask::Answer::Admitted } else { ask::Answer::NoAccess })
            }));
            for (caller, expected) in expect {
                let answer = ask::ask(scene.caller(caller), method, &scene.request(method)).await;
                asked += 1;
                if answer != expected {
                    writeln!(wrong, "{} by {caller}: {answer:?}, not {expected:?}", short(method))
                        .expect("a string");
                }
            }
        }
        assert_eq!(asked, METHODS.len() * (CALLERS.len() + 3));
        assert!(wrong.is_empty(), "{wrong}");
    });
}
