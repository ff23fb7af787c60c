//! Offerings.

use tonic::Code;
use trellis_contracts::experience::CancelExperienceRequest;
use trellis_contracts::experience::experience_service_client::ExperienceServiceClient;
use trellis_contracts::scheduling::offering_service_client::OfferingServiceClient;
use trellis_contracts::scheduling::{
    CreateOfferingRequest, GetOfferingRequest, ListOfferingsRequest, Offering,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::place::{Place, code};

/// What is wrong with an offering: the reason and the path of the refusal, and what spoils it.
type Case = (&'static str, &'static str, fn(&mut Offering));

on_each_database!(
    async fn an_offering_carries_the_title_and_days_of_its_experience(suite: Suite) {
        let place = Place::of(&suite).await;
        let made = place.offering("Bridges", 12, &["monday-1"]).await;
        let (first, last) = place.days();
        assert_eq!(made.title[0].text, "Bridges");
        assert_eq!((&made.start_date, &made.end_date), (&first.to_string(), &last.to_string()));
        let mut learner = OfferingServiceClient::new(place.learner());
        let read = GetOfferingRequest { name: made.name.clone() };
        assert_eq!(learner.get_offering(read).await.expect("an offering").into_inner(), made);
        let list =
            ListOfferingsRequest { parent: place.timetable.name.clone(), ..ListOfferingsRequest::default() };
        let all = learner.list_offerings(list).await.expect("offerings").into_inner().offerings;
        assert_eq!(all, std::slice::from_ref(&made));
        let create = CreateOfferingRequest {
            parent: place.timetable.name.clone(),
            offering: Some(made),
            request_id: String::new(),
        };
        let answer = learner.create_offering(create).await;
        // A learner's token does not even carry the scope.
        assert_eq!(answer.expect_err("refused").code(), Code::PermissionDenied);
    }
);

on_each_database!(
    async fn an_offering_of_what_does_not_take_place_or_cannot_is_refused(suite: Suite) {
        let place = Place::of(&suite).await;
        let experience = place.experience("Bridges").await;
        let good = Offering {
            experience: experience.name.clone(),
            capacity: 1,
            blocks: vec!["monday-1".to_owned()],
            ..Offering::default()
        };
        let cases: [Case; 4] = [
            ("REFERENCE_NOT_FOUND", "offering.blocks[1]", |o| o.blocks.push("tuesday".to_owned())),
            ("FIELD_VIOLATION", "offering.blocks[1]", |o| o.blocks.push("monday".to_owned())),
            ("FIELD_VIOLATION", "offering.capacity", |o| o.capacity = 0),
            ("REFERENCE_NOT_FOUND", "offering.experience", |o| {
                let (start, _) = o.experience.rsplit_once('/').expect("a name");
                o.experience = format!("{start}/01900000-0000-7000-8000-00000000dead");
            }),
        ];
        for (reason, path, spoil) in cases {
            let mut offering = good.clone();
            spoil(&mut offering);
            let status = refused(place.offer(offering).await, code(reason), reason);
            assert_eq!(violations(&status)[0].0, path);
        }
        place.offer(good.clone()).await.expect("nothing is wrong with this one");
        let cancel = CancelExperienceRequest { name: experience.name, ..CancelExperienceRequest::default() };
        let cancelled = ExperienceServiceClient::new(place.educator()).cancel_experience(cancel).await;
        cancelled.expect("cancelled");
        refused(place.offer(good).await, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
    }
);
