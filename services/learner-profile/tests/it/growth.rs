//! Growth: rules, and what final assessments make of them.

use tonic::Code;
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::{
    CreateGrowthRuleRequest, ExclusionReason, ExplainLevelRequest, GetGrowthRuleRequest, GetLevelRequest,
    GrowthMethod, GrowthRule, ListGrowthRulesRequest, ListLevelsRequest, ListRatingsRequest,
};
use trellis_testkit::{Caller, Role, School, Suite, on_each_database, refused, violations};

use crate::learning::{aim, assess, level, words};

fn client(caller: &Caller) -> GrowthServiceClient<Caller> {
    GrowthServiceClient::new(caller.clone())
}

fn rule(school: &School, method: GrowthMethod, last_count: i32, next_weight: f64) -> CreateGrowthRuleRequest {
    let growth_rule = GrowthRule {
        title: words("Ours"),
        method: method.into(),
        last_count,
        next_weight,
        ..GrowthRule::default()
    };
    CreateGrowthRuleRequest {
        parent: format!("districts/{}", school.district),
        growth_rule: Some(growth_rule),
        ..CreateGrowthRuleRequest::default()
    }
}

#[track_caller]
fn close(left: f64, right: f64) {
    assert!((left - right).abs() < 1e-9, "{left} is not {right}");
}

on_each_database!(
    async fn a_rule_is_made_by_the_district_and_read_by_its_members(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(&school.district);
        let educator = suite.person(&school.district, school.educator, Role::Educator);
        let request = rule(&school, GrowthMethod::DecayingAverage, 0, 0.65);
        let made = client(&operator).create_growth_rule(request.clone()).await.unwrap().into_inner();
        assert_eq!((made.revision, made.method()), (1, GrowthMethod::DecayingAverage));
        close(made.next_weight, 0.65);
        let get = |name: String| GetGrowthRuleRequest { name };
        for name in [made.name.clone(), format!("{}@1", made.name)] {
            let read = client(&educator).get_growth_rule(get(name)).await.unwrap().into_inner();
            assert_eq!(read, made);
        }
        let later = client(&educator).get_growth_rule(get(format!("{}@2", made.name))).await;
        refused(later, Code::NotFound, "RESOURCE_NOT_FOUND");
        let list =
            ListGrowthRulesRequest { parent: request.parent.clone(), ..ListGrowthRulesRequest::default() };
        let listed = client(&educator).list_growth_rules(list).await.unwrap().into_inner();
        assert_eq!(listed.growth_rules, [made]);

        refused(
            client(&educator).create_growth_rule(request.clone()).await,
            Code::PermissionDenied,
            "SCOPE_MISSING",
        );
        let principal = suite.person(&school.district, school.principal, Role::Administrator);
        refused(
            client(&principal).create_growth_rule(request).await,
            Code::PermissionDenied,
            "ACCESS_DENIED",
        );
    }
);

on_each_database!(
    async fn a_parameter_that_does_not_fit_is_refused(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(&school.district);
        for (method, last_count, next_weight, field) in [
            (GrowthMethod::Unspecified, 0, 0.0, "growth_rule.method"),
            (GrowthMethod::Latest, 3, 0.0, "growth_rule.last_count"),
            (GrowthMethod::Mean, -1, 0.0, "growth_rule.last_count"),
            (GrowthMethod::Mean, 1001, 0.0, "growth_rule.last_count"),
            (GrowthMethod::Highest, 0, 0.5, "growth_rule.next_weight"),
            (GrowthMethod::DecayingAverage, 0, 0.0, "growth_rule.next_weight"),
            (GrowthMethod::DecayingAverage, 0, 1.5, "growth_rule.next_weight"),
            (GrowthMethod::DecayingAverage, 0, f64::NAN, "growth_rule.next_weight"),
        ] {
            let wrong = rule(&school, method, last_count, next_weight);
            let answer = client(&operator).create_growth_rule(wrong).await;
            let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
            assert_eq!(violations(&status)[0].0, field, "{method:?} {last_count} {next_weight}");
        }
    }
);

on_each_database!(
    async fn final_assessments_become_a_level_that_explains_itself(suite: Suite) {
        let school = suite.school().await;
        let aim = aim(&suite, &school).await;
        let operator = suite.operator(&school.district);
        let learner = suite.person(&school.district, school.learner, Role::Learner);
        let request = rule(&school, GrowthMethod::DecayingAverage, 0, 0.65);
        let rule = client(&operator).create_growth_rule(request).await.unwrap().into_inner();
        let mut last = String::new();
        for reached in [2, 3, 4] {
            last = assess(&suite, &school, &aim, reached, "").await.name;
        }
        let made = level(&learner, &school, 3.5275).await;
        assert_eq!(made.rule, format!("{}@1", rule.name));
        assert_eq!(made.outcome, aim.outcome.replacen("/outcomes/", "@1/outcomes/", 1));
        assert_eq!((made.level_count, made.rating_count), (4, 3));

        let explain = ExplainLevelRequest { name: made.name.clone() };
        let explained = client(&learner).explain_level(explain.clone()).await.unwrap().into_inner();
        assert_eq!((explained.level.as_ref(), explained.rule.as_ref()), (Some(&made), Some(&rule)));
        let counted: Vec<(i32, f64)> =
            explained.counted.iter().map(|one| (one.rating.as_ref().unwrap().level, one.weight)).collect();
        for ((level, weight), (expected, share)) in counted.iter().zip([(2, 0.1225), (3, 0.2275), (4, 0.65)])
        {
            assert_eq!(*level, expected);
            close(*weight, share);
        }
        close(counted.iter().map(|(_, weight)| weight).sum(), 1.0);
        close(explained.value, 3.5275);

        // A correction takes the place of what it corrects: 2, 3 and then 2 again.
        let correction = assess(&suite, &school, &aim, 2, &last).await;
        let corrected = level(&learner, &school, 2.2275).await;
        assert_eq!(corrected.name, made.name);
        let explained = client(&learner).explain_level(explain.clone()).await.unwrap().into_inner();
        let excluded: Vec<_> = explained
            .excluded
            .iter()
            .map(|one| (one.rating.as_ref().unwrap().superseded_by.clone(), one.reason()))
            .collect();
        assert_eq!(excluded, [(correction.name, ExclusionReason::Superseded)]);
        everyone_around_reads_it(&suite, &school, &explain).await;
    }
);

/// Reads the level as everyone who may, and fails to as everyone who may not.
async fn everyone_around_reads_it(suite: &Suite, school: &School, explain: &ExplainLevelRequest) {
    let parent = school.learner(school.learner);
    for (id, role) in [
        (school.learner, Role::Learner),
        (school.guardian, Role::Guardian),
        (school.educator, Role::Educator),
        (school.principal, Role::Administrator),
        (school.administrator, Role::Administrator),
    ] {
        let caller = suite.person(&school.district, id, role);
        let read = GetLevelRequest { name: explain.name.clone() };
        let level = client(&caller).get_level(read).await.unwrap().into_inner();
        let list = ListLevelsRequest { parent: parent.clone(), ..ListLevelsRequest::default() };
        assert_eq!(client(&caller).list_levels(list).await.unwrap().into_inner().levels, [level]);
        let list = ListRatingsRequest { parent: parent.clone(), ..ListRatingsRequest::default() };
        let ratings = client(&caller).list_ratings(list).await.unwrap().into_inner().ratings;
        assert_eq!(ratings.iter().map(|rating| rating.level).collect::<Vec<_>>(), [2, 3, 4, 2]);
    }
    for (id, role) in [
        (school.classmate, Role::Learner),
        (school.other_guardian, Role::Guardian),
        (school.other_educator, Role::Educator),
    ] {
        let caller = suite.person(&school.district, id, role);
        let answer = client(&caller).explain_level(explain.clone()).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
    }
    let operator = client(&suite.operator(&school.district)).explain_level(explain.clone()).await;
    refused(operator, Code::PermissionDenied, "ACCESS_DENIED");
}
