use super::*;
use futures::FutureExt as _;

#[test]
fn a_request_before_a_run_counts_for_it_and_not_for_the_next_one() {
    let interrupt = Interrupt::default();
    interrupt.ask(StopReason::Interrupted);
    interrupt.begin();
    assert_eq!(interrupt.asked(1).now_or_never(), Some(StopReason::Interrupted));
    assert_eq!(interrupt.asked(2).now_or_never(), None);
    interrupt.clone().ask(StopReason::Terminated);
    assert_eq!(interrupt.asked(2).now_or_never(), Some(StopReason::Terminated));
    interrupt.end();
    interrupt.begin();
    assert_eq!(interrupt.asked(1).now_or_never(), None);
}
