//! Tests right and wrong corrections of cards.

use super::super::card::{Pictures, Remark, Rule};
use super::*;
use crate::domain::money::Usd;
use crate::domain::price::PriceUnit;
use crate::domain::request::{Field, Value};
use std::collections::BTreeSet;

fn model(name: &str) -> ModelName {
    name.parse().unwrap()
}

fn part(name: &str, value: Json) -> CardPart {
    CardPart { name: name.into(), value, at: "shop.yaml:3".into() }
}

/// Returns the card of the model `zai/cogvideox-3` after the corrections `parts`.
fn corrected(parts: Vec<CardPart>) -> Result<Arc<ModelCard>, Vec<Unfit>> {
    let mut cards = Cards::built_in();
    let name = model("zai/cogvideox-3");
    cards.correct(&name, parts).map(|()| Arc::clone(cards.get(&name).unwrap()))
}

/// Returns the message and the hint about the only mistake in a correction of the card's key `name`.
fn reported(name: &str, value: Json) -> (String, String) {
    let mut unfit = corrected(vec![part(name, value)]).unwrap_err();
    assert_eq!(unfit.len(), 1, "{unfit:?}");
    let form_error = unfit.remove(0).form_error;
    (form_error.what, form_error.hint)
}

/// Returns the names of all keys of the type `T`. The error about the unknown key in `value` lists these names.
fn known_to<T: serde::de::DeserializeOwned>(value: Json) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(value) else { panic!("an unknown key was taken") };
    let reported = error.to_string();
    let (_, names) =
        reported.split_once("expected one of").or_else(|| reported.split_once("expected")).unwrap();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn names(form: Form) -> BTreeSet<String> {
    let Form::Group(keys) = form else { panic!("{form:?} is no group") };
    keys.iter().map(|key| key.name.to_owned()).collect()
}

fn form_of(keys: &[form::Key], name: &str) -> Form {
    match keys.iter().find(|key| key.name == name).unwrap().form {
        Form::List(each) => *each,
        form => form,
    }
}

#[test]
fn the_form_has_exactly_the_keys_that_a_card_reads() {
    let odd = || json!({ "?": 1 });
    let mut card = known_to::<ModelCard>(odd());
    assert!(card.remove("name"));
    assert_eq!(names(Form::Group(CARD)), card);
    assert_eq!(names(form_of(CARD, "fields")), known_to::<Rule>(odd()));
    assert_eq!(names(form_of(CARD, "params")), known_to::<Rule>(odd()));
    assert_eq!(names(form_of(CARD, "pictures")), known_to::<Pictures>(odd()));
    assert_eq!(names(form_of(CARD, "remarks")), known_to::<Remark>(odd()));
    let inside = |part: &str, value: Json| {
        let mut card = Cards::built_in().iter().next().unwrap().written().clone();
        card[part] = value;
        known_to::<ModelCard>(card)
    };
    assert_eq!(names(form_of(CARD, "price")), inside("price", odd()));
    assert_eq!(names(form_of(CARD, "limits")), inside("limits", odd()));
    let surcharged = json!({ "per": "clip", "usd": "1", "surcharges": [odd()] });
    assert_eq!(names(form_of(form::PRICE, "surcharges")), inside("price", surcharged));
}

#[test]
fn every_built_in_card_has_the_form() {
    for card in Cards::built_in().iter() {
        let mut written = card.written().clone();
        written.as_object_mut().unwrap().shift_remove("name");
        let before = written.clone();
        assert_eq!(Form::Group(CARD).fit(&mut written, "card"), [], "{}", card.name);
        assert_eq!(written, before, "{}", card.name);
    }
}

#[test]
fn keys_of_a_rule_are_replaced_and_the_others_stay() {
    let card = corrected(vec![
        part("fields", json!({ "name": "prompt", "max": 800 })),
        part("params", json!({ "name": "fps", "values": [30, 60, 120], "default": 60 })),
        part("params", json!({ "name": "camera", "type": "text" })),
        part("pictures", json!({ "max_megabytes": 20 })),
    ])
    .unwrap();
    assert_eq!(card.field(Field::Prompt).unwrap().max, Some(800));
    assert_eq!(card.param("fps").unwrap().values.len(), 3);
    assert!(card.param("camera").is_some() && card.param("quality").is_some());
    let pictures = card.pictures.as_ref().unwrap();
    assert_eq!((pictures.max_megabytes, pictures.wire.as_deref()), (Some(20), Some("image_url")));
    let parts: Vec<&str> = card.corrected.iter().map(|it| it.part.as_str()).collect();
    assert_eq!(parts, ["fields.prompt", "params.fps", "params.camera", "pictures"]);
}

#[test]
fn what_is_null_is_taken_away() {
    let card = corrected(vec![
        part("fields", json!({ "name": "prompt", "max": null })),
        part("price", Json::Null),
        part("limits", json!({ "concurrency": null })),
    ])
    .unwrap();
    assert_eq!(card.field(Field::Prompt).unwrap().max, None);
    assert_eq!((card.price.as_ref(), card.limits.concurrency), (None, None));
    let (what, _) = reported("modes", Json::Null);
    assert_eq!(what, "`modes` has no value");
    let (what, hint) = reported("fields", json!({ "name": "prompt", "type": null }));
    assert_eq!(what, "`type` of `fields.prompt` cannot be removed");
    assert_eq!(hint, "write `text`, `int`, `bool` or `picture`");
}

#[test]
fn parts_that_only_make_sense_together_may_stand_in_any_order() {
    let mut cards = Cards::built_in();
    let name = model("zai/viduq1-text");
    let image = part("fields", json!({ "name": "image", "type": "picture" }));
    let pictures = part("pictures", json!({ "wire": "image_url", "send": "text" }));
    assert_eq!(cards.correct(&name, vec![image.clone(), pictures]), Ok(()));
    let alone = Cards::built_in().correct(&name, vec![part("summary", json!("x")), image]).unwrap_err();
    assert_eq!(alone[0].part, 1);
    assert!(alone[0].form_error.what.contains("`image` needs `pictures`"), "{alone:?}");
}

#[test]
fn what_does_not_fit_is_told_with_what_to_write() {
    let cases = [
        ("prise", json!(1), "a model's card has no `prise`", "did you mean `price`?"),
        (
            "name",
            json!("x"),
            "`name` is not needed: the key of this entry is the model's name",
            "remove `name`, or write the model's name before the colon of the entry",
        ),
        (
            "link_life_hours",
            json!("12h"),
            "`12h` is not a valid value for `link_life_hours`",
            "write a whole number, 0 or more, without quotes",
        ),
        ("modes", json!("text"), "`text` is not a valid value for `modes`", "write a list, such as `[a, b]`"),
        ("modes", json!(["txt"]), "`txt` is not a valid value for `modes`", "did you mean `text`?"),
        (
            "price",
            json!({ "per": "frame", "usd": "1" }),
            "`frame` is not a valid value for `per`",
            "write `clip` or `second`",
        ),
        (
            "fields",
            json!({ "name": "duration", "maximum": 8 }),
            "unknown key `maximum` in `fields.duration`",
            "did you mean `max`?",
        ),
        (
            "fields",
            json!({ "name": "durration", "max": 8 }),
            "the model has no `durration` among its `fields`",
            "did you mean `duration`? to add a new one, write its `type`",
        ),
        (
            "pictures",
            json!({ "max_difference": [5] }),
            "a list is not a valid value for `max_difference`",
            "write a numerator and a denominator, such as `[5, 4]`",
        ),
        (
            "fields",
            json!({ "name": "duration", "default": 7 }),
            "this `fields.duration` does not fit the card of zai/cogvideox-3: \
             the default of `duration` is not one of its values",
            "correct this `fields.duration`, or the part of the card that it contradicts",
        ),
        (
            "fields",
            json!({ "name": "duration", "values": [5, "ten"], "default": 5 }),
            "this `fields.duration` does not fit the card of zai/cogvideox-3: \
             `duration` cannot be `ten`, which is not a whole number",
            "correct this `fields.duration`, or the part of the card that it contradicts",
        ),
        (
            "fields",
            json!({ "max": 8 }),
            "`name` is missing in `fields`",
            "add `name:`; write a string in quotes",
        ),
    ];
    for (name, value, what, hint) in cases {
        assert_eq!(reported(name, value), (what.to_owned(), hint.to_owned()));
    }
}

#[test]
fn all_misfits_are_told_at_once_each_with_the_steps_that_lead_there() {
    let parts = vec![
        part(
            "price",
            json!({ "per": "clip", "usd": "0,2", "surcharges": [{ "param": "fps", "equals": [] }] }),
        ),
        part("source", json!({})),
    ];
    let unfit = corrected(parts).unwrap_err();
    let reported: Vec<_> = unfit
        .iter()
        .map(|it| (it.part, it.form_error.steps.join("."), it.form_error.what.as_str()))
        .collect();
    assert_eq!(
        reported,
        [
            (0, "usd".into(), "`0,2` is not a valid value for `usd`"),
            (0, "surcharges.0.equals".into(), "a list is not a valid value for `equals`"),
            (0, "surcharges.0".into(), "`usd` is missing in `surcharges`"),
            (1, String::new(), "a group of fields is not a valid value for `source`"),
        ]
    );
}

#[test]
fn a_surcharge_that_could_never_come_to_pass_is_refused() {
    let price = |equals: Value| Price {
        per: PriceUnit::Clip,
        usd: Usd::from_micros(200_000),
        surcharges: vec![crate::domain::price::Surcharge {
            param: "quality".into(),
            equals,
            usd: Usd::from_micros(50_000),
        }],
    };
    let mut cards = Cards::built_in();
    let name = model("zai/cogvideox-3");
    let at = || "shop.yaml:9".to_owned();
    cards.set_price(&name, &price(Value::Text("quality".into())), at()).unwrap();
    assert_eq!(cards.get(&name).unwrap().price, Some(price(Value::Text("quality".into()))));
    for never in [Value::Text("best".into()), Value::Bool(true)] {
        let unfit = cards.set_price(&name, &price(never), at()).unwrap_err();
        assert!(unfit[0].form_error.what.contains("`quality` can never be"), "{unfit:?}");
    }
    let mut gone = price(Value::Bool(true));
    gone.surcharges[0].param = "is_rec".into();
    let unfit = cards.set_price(&name, &gone, at()).unwrap_err();
    assert!(unfit[0].form_error.what.contains("`is_rec`, which is not a parameter"), "{unfit:?}");
}

#[test]
fn a_new_model_starts_as_another_one_of_its_provider() {
    let mut cards = Cards::built_in();
    let (new, base) = (model("zai/vidu3-image"), model("zai/vidu2-image"));
    cards.add(&new, &base, "shop.yaml:7".into()).unwrap();
    let card = cards.get(&new).unwrap();
    assert_eq!(card.name, new);
    assert_eq!(card.fields, cards.get(&base).unwrap().fields);
    assert_eq!(card.corrected[0].part, "like zai/vidu2-image");
    let reported = |model: &str, like: &str| {
        let (model, like): (ModelName, ModelName) = (model.parse().unwrap(), like.parse().unwrap());
        let mut cards = cards.clone();
        let Unknown { what, hint } = cards.add(&model, &like, String::new()).unwrap_err();
        format!("{what}; {hint}")
    };
    assert_eq!(reported("zia/x", "zia/y"), "there is no provider `zia`; did you mean `zai/x`?");
    assert!(
        reported("unknown/x", "zai/vidu2-image")
            .starts_with("there is no provider `unknown`; the providers are: ")
    );
    assert!(
        reported("zai/x", "zay/y")
            .starts_with("`zay/y` is a model of another provider than `zai/x`; write a model of zai: ")
    );
    assert_eq!(
        reported("zai/x", "zai/vidu2-imge"),
        "there is no model `zai/vidu2-imge`; did you mean `zai/vidu2-image`?"
    );
    assert!(
        reported("zai/x", "zai/vidu3-image")
            .starts_with("`zai/vidu3-image` is not a built-in model: this manifest adds it; ")
    );
}
