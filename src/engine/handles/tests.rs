use super::{CALL, CLIP, Handles, is_out, words};
use std::io;

#[tokio::test(start_paused = true)]
async fn p25_no_more_is_open_at_once_than_there_is_room_for() {
    let handles = Handles::of(8);
    let clip = handles.take(CLIP).await;
    let (one, other) = (handles.take(CALL).await, handles.take(CALL).await);
    assert!(tokio::time::timeout(std::time::Duration::from_mins(1), handles.take(CALL)).await.is_err());
    drop(clip);
    drop(handles.take(CLIP).await);
    drop((one, other));
}

#[test]
fn p25_pauses_without_a_free_file_double_until_a_clip_is_saved() {
    let handles = Handles::of(8);
    let pauses: Vec<u64> = (0..8).map(|_| handles.refused().as_millis().try_into().unwrap()).collect();
    assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    handles.saved();
    assert_eq!(handles.refused().as_millis(), 500);
}

#[tokio::test]
async fn p25_one_clip_can_always_be_fetched() {
    let handles = Handles::of(0);
    assert_eq!(handles.all(), CLIP);
    for _ in 0..9 {
        handles.halve();
    }
    drop(handles.take(CLIP).await);
    let handles = Handles::of(100);
    handles.halve();
    assert_eq!(handles.all(), 50);
    for _ in 0..9 {
        handles.halve();
    }
    assert_eq!(handles.all(), CLIP);
}

#[test]
fn p25_only_the_errors_of_too_many_files_are_this() {
    for number in 1..134 {
        assert_eq!(is_out(&io::Error::from_raw_os_error(number)), matches!(number, 23 | 24), "{number}");
    }
    assert!(words().contains("ulimit -n"));
}
