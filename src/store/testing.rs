//! Generates arbitrary states and requests for property tests.

use crate::domain::digest::Sha256;
use crate::domain::fault::Refusal;
use crate::domain::key::{RequestId, TaskId};
use crate::domain::lifecycle::{
    CancelledBy, Charged, Clip, ClipFile, HeldReason, Intent, PollCounters, State, Task,
};
use crate::domain::request::{Media, MediaFile, PictureFacts, PictureFormat, PictureTraits, Request, Value};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn time() -> impl Strategy<Value = Timestamp> {
    let any = (Timestamp::MIN.as_second()..Timestamp::MAX.as_second(), 0..1_000_000_000)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap());
    prop_oneof![any, Just(Timestamp::MIN), Just(Timestamp::MAX), Just(Timestamp::UNIX_EPOCH)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", Just("0123".to_owned()), Just("\"\\\u{2028}\n".to_owned())]
}

fn sha256() -> impl Strategy<Value = Sha256> {
    any::<[u8; 32]>().prop_map(Sha256)
}

fn intent() -> impl Strategy<Value = Intent> {
    (any::<u32>(), text(), time()).prop_map(|(attempt, id, at)| Intent {
        attempt,
        request_id: RequestId(id),
        at,
    })
}

fn task() -> impl Strategy<Value = Task> {
    (text(), intent(), time(), any::<bool>()).prop_map(|(id, intent, accepted, charged)| Task {
        id: TaskId(id.into()),
        intent,
        accepted,
        charged,
    })
}

fn file() -> impl Strategy<Value = ClipFile> {
    (any::<u64>(), sha256()).prop_map(|(size, sha256)| ClipFile { size, sha256 })
}

fn watch() -> impl Strategy<Value = PollCounters> {
    any::<(u32, u32, u32, u8, u8, u8, u8, u8, u32)>().prop_map(
        |(polls, overdue, setbacks, missing, empty, mistaken, fresh_links, damaged, troubles)| PollCounters {
            polls,
            overdue,
            setbacks,
            missing,
            empty,
            mistaken,
            fresh_links,
            damaged,
            troubles,
        },
    )
}

fn clip() -> impl Strategy<Value = Clip> {
    (text(), of(text()), of(time()), vec(text(), 0..3)).prop_map(|(url, cover, expires, others)| Clip {
        url,
        cover,
        expires,
        others,
    })
}

pub(super) fn any_state() -> impl Strategy<Value = State> {
    let reason = || select(HeldReason::ALL.to_vec());
    let refusal = select(vec![
        Refusal::Input,
        Refusal::Policy,
        Refusal::Model,
        Refusal::Generation,
        Refusal::Cancelled,
    ]);
    let charged = select(vec![Charged::No, Charged::Yes, Charged::Unknown]);
    let by = select(vec![CancelledBy::User, CancelledBy::Superseded]);
    prop_oneof![
        (any::<u8>(), any::<u32>(), time()).prop_map(|(tries_left, setbacks, due)| State::Pending {
            tries_left,
            setbacks,
            due
        }),
        (intent(), any::<u8>(), any::<u32>()).prop_map(|(intent, tries_left, setbacks)| State::Submitting {
            intent,
            tries_left,
            setbacks
        }),
        (intent(), time(), any::<u8>(), any::<u8>(), of(time()), time()).prop_map(
            |(intent, since, tries_left, looks, absent, due)| State::Doubtful {
                intent,
                since,
                tries_left,
                looks,
                absent,
                due
            }
        ),
        (task(), watch(), time()).prop_map(|(task, counters, due)| State::Running { task, counters, due }),
        (task(), clip(), watch(), time()).prop_map(|(task, clip, counters, due)| State::Downloading {
            task,
            clip,
            counters,
            due
        }),
        (task(), file()).prop_map(|(task, file)| State::Placing { task, file }),
        (task(), file()).prop_map(|(task, file)| State::Done { task, file }),
        (reason(), intent(), of(task()), time()).prop_map(|(reason, intent, task, since)| State::Held {
            reason,
            intent,
            task,
            since
        }),
        (refusal, charged, of(task())).prop_map(|(refusal, charged, task)| State::Failed {
            refusal,
            charged,
            task
        }),
        by.prop_map(|by| State::Cancelled { by }),
        (reason(), of(task())).prop_map(|(reason, task)| State::WrittenOff { reason, task }),
    ]
}

fn facts() -> impl Strategy<Value = PictureFacts> {
    let format = select(vec![PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Webp]);
    (format, any::<u64>(), sha256(), any::<u32>(), any::<u32>()).prop_map(
        |(format, bytes, sha256, width, height)| PictureFacts {
            format,
            bytes,
            sha256,
            width,
            height,
            traits: PictureTraits::default(),
        },
    )
}

fn media() -> impl Strategy<Value = Media> {
    prop_oneof![
        text().prop_map(Media::Url),
        (text(), facts()).prop_map(|(path, facts)| Media::File(MediaFile { path, facts })),
        (text(), facts()).prop_map(|(uri, facts)| Media::Inline { uri, facts }),
    ]
}

pub(super) fn any_request() -> impl Strategy<Value = Request> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        text().prop_map(Value::Text)
    ];
    let words = (of(text()), of(text()), of(text()), of(text()), of(text()));
    let pictures = (of(media()), of(media()), vec(media(), 0..3));
    let numbers = (of(any::<u32>()), of(any::<i64>()), of(any::<bool>()));
    (words, pictures, numbers, btree_map(text(), value, 0..4)).prop_map(
        |((prompt, aspect_ratio, size, style, motion), pictures, (duration, seed, audio), params)| {
            let (image, last_image, reference_images) = pictures;
            Request {
                model: "zai/vidu2/image".parse().unwrap(),
                prompt,
                image,
                last_image,
                reference_images,
                duration,
                aspect_ratio,
                size,
                seed,
                audio,
                style,
                motion,
                params,
            }
        },
    )
}
