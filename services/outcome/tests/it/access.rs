//! Who may read and write frameworks.

use tonic::Code;
use trellis_contracts::outcome::{CreateFrameworkRequest, Framework, FrameworkKind, GetFrameworkRequest};
use trellis_testkit::{Role, on_each_database, refused};

use crate::support::{Clients, DISTRICT, beginning, english, fixture};

on_each_database!(
    async fn members_read_educators_write_and_strangers_do_neither(suite: Suite) {
        let school = suite.school().await;
        let district = format!("districts/{}", school.district);
        let person = |id, role| Clients::of(&suite.person(&school.district, id, role));
        let mut educator = person(school.educator, Role::Educator);
        let create = CreateFrameworkRequest {
            parent: district.clone(),
            framework: Some(Framework {
                kind: FrameworkKind::PortraitOfAGraduate.into(),
                title: english("Portrait"),
                ..Framework::default()
            }),
            request_id: String::new(),
        };
        let made = educator.frameworks.create_framework(create.clone()).await.expect("an educator writes");
        let get = GetFrameworkRequest { name: made.into_inner().name };

        let mut learner = person(school.learner, Role::Learner);
        learner.frameworks.get_framework(get.clone()).await.expect("a member reads");
        // A token that carries the scope gives no standing by itself.
        let mut posing = person(school.learner, Role::Educator);
        refused(
            posing.frameworks.create_framework(create.clone()).await,
            Code::PermissionDenied,
            "ACCESS_DENIED",
        );
        refused(learner.frameworks.create_framework(create).await, Code::PermissionDenied, "SCOPE_MISSING");
        let imported = educator.import(beginning(), fixture("mockIT.json")).await;
        assert_eq!(imported.expect_err("an educator does not import").code(), Code::PermissionDenied);

        let mut stranger = Clients::of(&suite.operator("other-district"));
        refused(
            stranger.frameworks.get_framework(get.clone()).await,
            Code::PermissionDenied,
            "ACCESS_DENIED",
        );
        let mut nobody = Clients::of(&suite.nobody());
        refused(nobody.frameworks.get_framework(get).await, Code::Unauthenticated, "UNAUTHENTICATED");
    }
);

on_each_database!(
    async fn everyone_reads_the_commons_and_only_its_own_write_there(suite: Suite) {
        let mut commons = Clients::of(&suite.operator("commons"));
        let create = CreateFrameworkRequest {
            parent: "districts/commons".to_owned(),
            framework: Some(Framework {
                kind: FrameworkKind::Standards.into(),
                title: english("State standards"),
                ..Framework::default()
            }),
            request_id: String::new(),
        };
        let made =
            commons.frameworks.create_framework(create.clone()).await.expect("its own write").into_inner();
        let outcome = commons.outcome(&made.name, "Read.", "").await;
        let mut other = Clients::operator(&suite);
        let get = GetFrameworkRequest { name: made.name };
        other.frameworks.get_framework(get).await.expect("everyone reads");
        let batch = trellis_contracts::outcome::BatchGetOutcomesRequest {
            parent: DISTRICT.to_owned(),
            names: vec![outcome.name.clone()],
        };
        let read = other.outcomes.batch_get_outcomes(batch).await.expect("in a batch too").into_inner();
        assert_eq!(read.outcomes, [outcome]);
        refused(other.frameworks.create_framework(create).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);
