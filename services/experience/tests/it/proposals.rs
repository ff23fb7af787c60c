//! Proposals: a learner's own, and decided on with reasons.

use tonic::Code;
use trellis_contracts::experience::proposal_service_client::ProposalServiceClient;
use trellis_contracts::experience::{
    CreateProposalRequest, DecideProposalRequest, GetProposalRequest, ListProposalsRequest, Proposal,
    ProposalState, Verdict,
};

use crate::house::{
    CLASSMATE, EDUCATOR, GUARDIAN, HOME, LEARNER, OTHER_EDUCATOR, PRINCIPAL, each, name, outcome, refused,
    refused_field,
};

fn bees() -> CreateProposalRequest {
    let proposal = Proposal {
        learner: name("learners", LEARNER),
        title: "Bees".to_owned(),
        driving_question: "Where did they go?".to_owned(),
        outcomes: vec![outcome(0)],
        why: "The meadow is silent.".to_owned(),
        ..Proposal::default()
    };
    CreateProposalRequest { parent: HOME.to_owned(), proposal: Some(proposal), request_id: String::new() }
}

fn deciding(proposal: &Proposal, verdict: Verdict) -> DecideProposalRequest {
    DecideProposalRequest {
        name: proposal.name.clone(),
        verdict: verdict.into(),
        reasons: "Say who would help.".to_owned(),
        ..DecideProposalRequest::default()
    }
}

#[test]
fn a_learner_proposes_for_themself_and_those_around_them_read_it() {
    each(async |house| {
        let mut learner = ProposalServiceClient::new(house.person(LEARNER));
        let proposal = learner.create_proposal(bees()).await.expect("proposed").into_inner();
        assert_eq!(proposal.state(), ProposalState::Proposed);
        for other in [CLASSMATE, EDUCATOR, GUARDIAN] {
            let mut client = ProposalServiceClient::new(house.person(other));
            refused(client.create_proposal(bees()).await, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let get = || GetProposalRequest { name: proposal.name.clone() };
        for reader in [LEARNER, GUARDIAN, EDUCATOR, PRINCIPAL] {
            let mut client = ProposalServiceClient::new(house.person(reader));
            assert_eq!(client.get_proposal(get()).await.expect("read").into_inner(), proposal);
            let list = ListProposalsRequest {
                parent: HOME.to_owned(),
                learner: name("learners", LEARNER),
                ..ListProposalsRequest::default()
            };
            let listed = client.list_proposals(list).await.expect("a list").into_inner();
            assert_eq!(listed.proposals, vec![proposal.clone()]);
        }
        for stranger in [CLASSMATE, OTHER_EDUCATOR] {
            let mut client = ProposalServiceClient::new(house.person(stranger));
            refused(client.get_proposal(get()).await, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let mut application = ProposalServiceClient::new(house.application());
        refused(application.get_proposal(get()).await, Code::PermissionDenied, "ACCESS_DENIED");
    });
}

#[test]
fn a_decision_is_final_unless_it_asks_for_changes() {
    each(async |house| {
        let mut learner = ProposalServiceClient::new(house.person(LEARNER));
        let proposal = learner.create_proposal(bees()).await.expect("proposed").into_inner();
        let answer = learner.decide_proposal(deciding(&proposal, Verdict::Accepted)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let mut stranger = ProposalServiceClient::new(house.person(OTHER_EDUCATOR));
        let answer = stranger.decide_proposal(deciding(&proposal, Verdict::Declined)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");

        let mut educator = ProposalServiceClient::new(house.person(EDUCATOR));
        let silent =
            DecideProposalRequest { reasons: " ".to_owned(), ..deciding(&proposal, Verdict::Declined) };
        let answer = educator.decide_proposal(silent).await;
        refused_field(answer, Code::InvalidArgument, "FIELD_VIOLATION", "reasons");
        let asked = educator.decide_proposal(deciding(&proposal, Verdict::ChangesRequested)).await;
        assert_eq!(asked.expect("decided").into_inner().state(), ProposalState::ChangesRequested);
        let accepted = educator.decide_proposal(deciding(&proposal, Verdict::Accepted)).await;
        let accepted = accepted.expect("decided again").into_inner();
        assert_eq!(accepted.state(), ProposalState::Accepted);
        let decision = accepted.decision.expect("a decision");
        assert_eq!(
            (decision.decider, decision.verdict),
            (name("people", EDUCATOR), Verdict::Accepted.into())
        );
        let answer = educator.decide_proposal(deciding(&proposal, Verdict::Declined)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    });
}
