use super::*;
use tokio::sync::oneshot;

#[tokio::test]
async fn work_that_arrives_while_a_group_is_under_way_is_done_together() {
    type Job = (usize, oneshot::Sender<usize>);
    let groups = Groups::<Job>::default();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let mut answers = Vec::new();
    for number in 0..100 {
        let (caller, answer) = oneshot::channel();
        let gate = Arc::clone(&gate);
        groups.hand_over((number, caller), move |group: Vec<Job>| {
            // The first group lasts until all other work waits.
            if group.iter().any(|(number, _)| *number == 0) {
                gate.lock().unwrap().recv().unwrap();
            }
            let size = group.len();
            for (_, caller) in group {
                caller.send(size).unwrap();
            }
        });
        answers.push(answer);
        if number == 0 {
            while !lock(&groups.queue).waiting.is_empty() {
                tokio::task::yield_now().await;
            }
        }
    }
    go.send(()).unwrap();
    let mut sizes = Vec::new();
    for answer in answers {
        sizes.push(answer.await.unwrap());
    }
    assert_eq!(sizes[0], 1);
    assert_eq!((&sizes[1..97], &sizes[97..]), (&[32; 96][..], &[3; 3][..]));
}

#[tokio::test]
async fn after_a_group_that_panicked_the_next_work_is_done() {
    let groups = Groups::<oneshot::Sender<()>>::default();
    let (caller, answer) = oneshot::channel();
    groups.hand_over(caller, |_| panic!("as a defect would"));
    assert!(answer.await.is_err());
    // The thread that panicked frees the queue after it has dropped its work.
    while lock(&groups.queue).is_busy {
        tokio::task::yield_now().await;
    }
    let (caller, answer) = oneshot::channel();
    groups.hand_over(caller, |group| {
        for caller in group {
            caller.send(()).unwrap();
        }
    });
    answer.await.unwrap();
}

#[test]
fn a_thread_that_ends_leaves_alone_what_was_handed_over_meanwhile() {
    let queue = Arc::new(Mutex::new(Queue { waiting: Vec::new(), is_busy: true }));
    let mut ending = Worker { queue: Arc::clone(&queue), is_over: false };
    assert!(ending.next().is_none() && !lock(&queue).is_busy);
    // New work arrives before the thread ends, and starts the next thread.
    *lock(&queue) = Queue { waiting: vec!["clip"], is_busy: true };
    let mut next = Worker { queue: Arc::clone(&queue), is_over: false };
    drop(ending);
    assert_eq!(next.next(), Some(vec!["clip"]));
}
