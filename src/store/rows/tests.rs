use super::*;
use crate::domain::lifecycle::{Charged, HeldReason};
use crate::store::testing::{any_request, any_state};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_state_survives_being_written_and_read(state in any_state()) {
        prop_assert_eq!(state_from(&state_json(&state)).unwrap(), state);
    }

    #[test]
    fn every_request_survives_being_written_and_read(request in any_request()) {
        prop_assert_eq!(request_from(&request_json(&request)).unwrap(), request);
    }

    #[test]
    fn a_state_is_written_under_its_name(state in any_state()) {
        let json: serde_json::Value = serde_json::from_str(&state_json(&state)).unwrap();
        prop_assert!(json.get(state.name()).is_some(), "{}", json);
    }
}

#[test]
fn names_in_the_database_are_the_names_in_tables() {
    for reason in HeldReason::ALL {
        let state = State::WrittenOff { reason, task: None };
        assert_eq!(
            state_json(&state),
            format!(r#"{{"written_off":{{"reason":"{}","task":null}}}}"#, reason.name())
        );
    }
    for refusal in [Refusal::Input, Refusal::Policy, Refusal::Model, Refusal::Generation, Refusal::Cancelled]
    {
        let state = State::Failed { refusal, charged: Charged::No, task: None };
        assert_eq!(
            state_json(&state),
            format!(r#"{{"failed":{{"refusal":"{}","charged":"no","task":null}}}}"#, refusal.name())
        );
    }
}
