use super::*;
use crate::domain::digest::Sha256;
use crate::domain::request::{Media, MediaFile, PictureFacts, PictureFormat, PictureTraits};
use crate::provider::Registry;
use proptest::prelude::*;

fn order(model: &str) -> Request {
    Request::new(format!("zai/{model}").parse().unwrap())
}

/// Returns a request with every setting that its model requires.
fn complete(model: &str) -> Request {
    let mut request = order(model);
    request.prompt = Some("Slow push-in".into());
    if model.ends_with("-image") || model.ends_with("-end") {
        request.image = Some(link());
    }
    if model.ends_with("-end") {
        request.last_image = Some(link());
    }
    if model.ends_with("-reference") {
        request.reference_images = vec![link()];
    }
    request
}

fn link() -> Media {
    Media::Url("https://shop.example.com/a.jpg?v=1".into())
}

fn file(format: PictureFormat, bytes: u64, width: u32, height: u32) -> Media {
    let facts = PictureFacts {
        format,
        bytes,
        sha256: Sha256::of(b"picture"),
        width,
        height,
        traits: PictureTraits::default(),
    };
    Media::File(MediaFile { path: "frames/a.png".into(), facts })
}

fn png(width: u32, height: u32) -> Media {
    file(PictureFormat::Png, 1000, width, height)
}

fn found(request: &Request) -> Vec<Finding> {
    let cards = Cards::built_in();
    check(&cards, cards.get(&request.model).unwrap(), request)
}

fn errors(request: &Request) -> Vec<String> {
    let errors = found(request).into_iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.message).collect()
}

#[track_caller]
fn only(request: &Request) -> Finding {
    let mut findings = found(request);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

const MODELS: [&str; 7] = [
    "cogvideox-3",
    "viduq1-text",
    "viduq1-image",
    "viduq1-start-end",
    "vidu2-image",
    "vidu2-start-end",
    "vidu2-reference",
];

#[test]
fn a_complete_order_is_found_faultless() {
    for model in MODELS {
        assert_eq!(found(&complete(model)), [], "{model}");
    }
}

#[test]
fn every_listed_value_passes_and_the_next_one_does_not() {
    for card in Registry::built_in().find("zai").unwrap().cards() {
        for rule in &card.fields {
            for value in &rule.values {
                let mut request = complete(&card.name.model);
                match (Field::named(&rule.name).unwrap(), value.clone()) {
                    (Field::Duration, Value::Int(seconds)) => request.duration = u32::try_from(seconds).ok(),
                    (Field::Size, Value::Text(size)) => request.size = Some(size),
                    (Field::AspectRatio, Value::Text(ratio)) => request.aspect_ratio = Some(ratio),
                    (Field::Style, Value::Text(style)) => request.style = Some(style),
                    (Field::Motion, Value::Text(motion)) => request.motion = Some(motion),
                    (field, value) => panic!("no way to set {field:?} to {value:?}"),
                }
                assert_eq!(found(&request), [], "{} {}", card.name, rule.name);
            }
        }
    }
    for (model, seconds) in
        [("cogvideox-3", [4, 6, 9, 11]), ("viduq1-text", [0, 4, 6, 10]), ("vidu2-image", [0, 3, 5, 8])]
    {
        for seconds in seconds {
            let mut request = complete(model);
            request.duration = Some(seconds);
            assert_eq!(errors(&request).len(), 1, "{model} {seconds}");
        }
    }
}

#[test]
fn a_message_says_what_to_type_instead() {
    let mut request = complete("vidu2-image");
    request.size = Some("720x1280".into());
    let finding = only(&request);
    assert_eq!(finding.message, "vidu2-image makes 1280x720 only, not 720x1280");
    assert_eq!((finding.instead, finding.removable), (vec!["1280x720".to_owned()], true));
    assert_eq!(
        finding.notes,
        ["models that make 9:16 clips of this shot: zai/cogvideox-3 (`size: 720x1280`)"]
    );
    request.motion = Some("auto".into());
    assert_eq!(only(&request).notes, ["no model makes 9:16 clips of this shot"]);

    let mut request = complete("vidu2-image");
    request.duration = Some(5);
    let finding = only(&request);
    assert_eq!(finding.message, "vidu2-image makes clips of 4 seconds only, not 5");
    assert_eq!((finding.instead, finding.removable), (vec!["4".to_owned()], true));
    assert_eq!(
        finding.notes,
        [concat!(
            "models that take this shot with 5 seconds: zai/cogvideox-3, zai/viduq1-image, ",
            "uniall/viduq3p-1080p, uniall/viduq3p-540p, uniall/viduq3p-720p and 4 more"
        )],
        "the same provider's first; neither a model without pictures nor one that wants two"
    );
    request.image = Some(png(640, 480));
    let takers = [
        "models that take this shot with 5 seconds: zai/cogvideox-3, zai/viduq1-image, vtrix/viduq1_img2video",
    ];
    assert_eq!(only(&request).notes, takers, "nor one that takes links only");
    request.duration = Some(17);
    assert_eq!(only(&request).notes, ["no model takes this shot with 17 seconds"]);

    let mut request = complete("vidu2-image");
    request.motion = Some("larg".into());
    let finding = only(&request);
    assert_eq!(finding.message, "`motion` of vidu2-image must be auto, small, medium or large, not larg");
    assert_eq!(finding.instead, ["large"]);
}

#[test]
fn a_field_that_the_model_lacks_names_the_models_that_take_it_with_the_rest() {
    let mut request = complete("vidu2-image");
    request.aspect_ratio = Some("9:16".into());
    let finding = only(&request);
    assert_eq!((finding.field.as_str(), finding.severity), ("aspect_ratio", Severity::Error));
    assert_eq!(finding.message, "vidu2-image has no `aspect_ratio`");
    assert!(finding.about_name && finding.removable);
    let way = "models that make 9:16 clips of this shot: zai/cogvideox-3 (`size: 720x1280` instead of `aspect_ratio`)";
    assert_eq!(finding.notes, [way]);

    let mut request = complete("viduq1-text");
    request.audio = Some(true);
    request.image = Some(link());
    request.seed = Some(7);
    let messages = ["viduq1-text has no `image`", "viduq1-text has no `seed`", "viduq1-text has no `audio`"];
    assert_eq!(errors(&request), messages);
    assert_eq!(found(&request)[1].notes, ["models that take this shot with `seed`: vtrix/viduq1_img2video"]);
    let mut request = complete("vidu2-image");
    request.style = Some("anime".into());
    assert_eq!(only(&request).notes, ["no model takes this shot with `style`"]);
}

#[test]
fn i40_a_prompt_has_512_characters_whatever_their_bytes() {
    for model in MODELS {
        let mut request = complete(model);
        request.prompt = Some("é🎬".repeat(256));
        assert_eq!(found(&request), [], "{model}");
        request.prompt = Some("é🎬".repeat(256) + "x");
        let finding = only(&request);
        assert_eq!(finding.message, format!("`prompt` is longer than the 512 characters that {model} takes"));
        assert_eq!((finding.detail.as_deref(), finding.excess), (Some("513 characters"), Some(1)));
    }
}

#[test]
fn i40_invisible_characters_are_found_and_line_breaks_are_not() {
    let mut request = complete("vidu2-image");
    request.prompt = Some("two\r\nlines\tand a tab".into());
    assert_eq!(found(&request), []);
    request.prompt = Some("a\u{b}b".into());
    assert_eq!(only(&request).severity, Severity::Warning);
    request.prompt = Some("a\0b".into());
    let finding = only(&request);
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.message, "`prompt` contains the invisible character U+0000");
    request.prompt = Some(" \n".into());
    assert_eq!(only(&request).message, "`prompt` is empty");

    let mut request = complete("vidu2-image");
    request.image = Some(Media::Url("https://shop.example.com/\0a.png".into()));
    request.params.insert("user_id".into(), Value::Text("shop\0-001".into()));
    assert_eq!(errors(&request).len(), 2);
}

#[test]
fn an_order_needs_a_prompt_or_a_picture() {
    for model in MODELS {
        assert_eq!(errors(&order(model)).len(), 1, "{model}");
        let mut prompt_only = order(model);
        prompt_only.prompt = Some("Slow push-in".into());
        assert_eq!(errors(&prompt_only), [""; 0], "{model}");
    }
    assert_eq!(errors(&order("viduq1-text")), ["viduq1-text needs `prompt`"]);
    let mut picture_only = complete("vidu2-image");
    picture_only.prompt = None;
    assert_eq!(found(&picture_only), []);
}

#[test]
fn what_only_one_document_allows_passes_with_a_warning_that_quotes_both() {
    for model in ["vidu2-image", "vidu2-start-end", "vidu2-reference"] {
        let mut request = complete(model);
        request.size = Some("720x480".into());
        let finding = only(&request);
        assert_eq!((finding.severity, finding.field.as_str()), (Severity::Warning, "size"));
        assert!(finding.message.contains("the API reference lists 1280x720 only"), "{}", finding.message);
    }
    let mut request = complete("viduq1-image");
    request.size = Some("720x480".into());
    assert_eq!(errors(&request).len(), 1);

    let mut request = complete("cogvideox-3");
    request.params.insert("quality".into(), Value::Text("quality".into()));
    request.image = Some(link());
    assert_eq!(found(&request), []);
    request.last_image = Some(link());
    assert_eq!(only(&request).severity, Severity::Warning);

    for model in ["viduq1-start-end", "vidu2-start-end"] {
        let mut request = complete(model);
        request.last_image = None;
        assert_eq!(only(&request).severity, Severity::Warning, "{model}");
        request.image = None;
        request.last_image = Some(link());
        assert_eq!(errors(&request), [format!("`last_image` of {model} has no effect without `image`")]);
    }
}

#[test]
fn i29_a_picture_may_be_as_large_as_the_model_takes_and_no_larger() {
    for (model, megabytes) in [("cogvideox-3", 5), ("viduq1-image", 50), ("vidu2-image", 50)] {
        let mut request = complete(model);
        for (bytes, severity) in [
            (megabytes * 1_000_000, None),
            (megabytes * 1_000_000 + 1, Some(Severity::Warning)),
            (megabytes << 20, Some(Severity::Warning)),
            ((megabytes << 20) + 1, Some(Severity::Error)),
        ] {
            request.image = Some(file(PictureFormat::Png, bytes, 640, 480));
            let severities: Vec<Severity> = found(&request).iter().map(|finding| finding.severity).collect();
            assert_eq!(severities, Vec::from_iter(severity), "{model} {bytes}");
        }
    }
}

#[test]
fn formats_are_those_of_the_model() {
    let webp = Some(file(PictureFormat::Webp, 1000, 640, 480));
    let mut request = complete("vidu2-image");
    request.image = webp.clone();
    assert_eq!(found(&request), []);
    let mut request = complete("cogvideox-3");
    request.image = webp;
    let finding = only(&request);
    assert_eq!(finding.message, "cogvideox-3 takes png, jpeg pictures, not webp");
    assert_eq!(finding.hint.unwrap(), "save the picture as png");
}

#[test]
fn a_picture_may_be_four_times_as_wide_as_high_and_no_wider() {
    for model in ["viduq1-image", "vidu2-image"] {
        let mut request = complete(model);
        for (width, height, count) in [(400, 100, 0), (100, 400, 0), (401, 100, 1), (100, 401, 1)] {
            request.image = Some(png(width, height));
            assert_eq!(errors(&request).len(), count, "{model} {width}x{height}");
        }
    }
    let mut request = complete("cogvideox-3");
    request.image = Some(png(1000, 10));
    assert_eq!(found(&request), []);
}

#[test]
fn i32_a_picture_with_a_monstrous_side_is_refused_with_the_limit() {
    for (width, height, count) in [(16_384, 16_384, 0), (100_000, 100_000, 1), (100, 16_385, 1)] {
        let mut request = complete("cogvideox-3");
        request.image = Some(png(width, height));
        let errors = errors(&request);
        assert_eq!(errors.len(), count, "{width}x{height}");
        assert!(errors.iter().all(|error| error.contains("16384 pixels")), "{errors:?}");
    }
}

#[test]
fn reference_pictures_are_one_to_three_and_not_tiny() {
    let mut request = complete("vidu2-reference");
    for (count, faults) in [(1, 0), (3, 0), (4, 1)] {
        request.reference_images = vec![png(128, 128); count];
        assert_eq!(errors(&request).len(), faults, "{count}");
    }
    for (width, height, faults) in [(128, 128, 0), (127, 128, 1), (128, 127, 1)] {
        request.reference_images = vec![png(width, height)];
        assert_eq!(errors(&request).len(), faults, "{width}x{height}");
    }
}

#[test]
fn first_and_last_frame_must_have_about_the_same_shape_and_should_have_the_same_size() {
    for (first, last, severity) in [
        ((1000, 1000), (1000, 1000), None),
        ((1000, 1000), (1250, 1000), None),
        ((1000, 1000), (800, 1000), None),
        ((1000, 1000), (1251, 1000), Some(Severity::Error)),
        ((1000, 1000), (799, 1000), Some(Severity::Error)),
        ((1000, 1000), (1250, 1250), None),
        ((1000, 1000), (1251, 1251), Some(Severity::Warning)),
        ((1920, 1080), (1280, 720), Some(Severity::Warning)),
    ] {
        let mut request = complete("vidu2-start-end");
        request.image = Some(png(first.0, first.1));
        request.last_image = Some(png(last.0, last.1));
        let severities: Vec<Severity> = found(&request).iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, Vec::from_iter(severity), "{first:?} {last:?}");
    }
}

#[test]
fn i36_a_link_that_the_provider_cannot_fetch_is_refused() {
    for url in [
        "file:///etc/passwd",
        "ftp://shop.example.com/a.png",
        "frames/a.png",
        "http://localhost/a.png",
        "http://10.0.0.7/a.png",
        "http://2130706433/a.png",
        "http://[::ffff:192.168.0.1]/a.png",
        "https://nas.local/a.png",
    ] {
        let mut request = complete("vidu2-image");
        request.image = Some(Media::Url(url.into()));
        assert_eq!(errors(&request).len(), 1, "{url}");
    }
}

#[test]
fn a_provider_that_takes_links_only_is_given_no_picture_and_says_where_to_put_it() {
    let mut request = Request::new("uniall/viduq3t-540p".parse().unwrap());
    request.prompt = Some("Slow push-in".into());
    request.duration = Some(5);
    for (image, message) in [
        (png(640, 480), "viduq3t-540p takes only a link as `image`; the picture itself cannot be sent"),
        (Media::Url("http://10.0.0.7/a.png".into()), "the provider cannot fetch a picture from 10.0.0.7"),
    ] {
        request.image = Some(image);
        let finding = only(&request);
        assert_eq!(finding.message, message);
        assert!(finding.hint.unwrap().contains("write its `https://` address"), "{message}");
    }
}

#[test]
fn a_link_in_a_parameter_must_lead_where_the_provider_can_go() {
    let mut request = Request::new("vtrix/viduq1_img2video".parse().unwrap());
    request.image = Some(link());
    for (url, message) in [
        ("https://shop.example.com/done", None),
        ("logo.png", Some("`params.callback_url` is not a link")),
        ("", Some("`params.callback_url` is empty")),
        (
            "http://192.168.1.7/done",
            Some("`params.callback_url` leads to 192.168.1.7, which the provider cannot reach"),
        ),
    ] {
        request.params.insert("callback_url".into(), Value::Text(url.into()));
        assert_eq!(errors(&request), Vec::from_iter(message), "{url}");
    }
}

#[test]
fn a_number_beyond_its_limits_is_told_the_nearest_that_is_not() {
    let mut request = Request::new("uniall/viduq3p-540p".parse().unwrap());
    request.prompt = Some("Slow push-in".into());
    let missing = only(&request);
    assert_eq!(missing.message, "viduq3p-540p needs `duration`");
    assert_eq!(missing.hint.unwrap(), "add a line to the shot, such as `duration: 5`");
    for (seconds, instead) in [(0, "1"), (17, "16")] {
        request.duration = Some(seconds);
        let finding = only(&request);
        assert_eq!(finding.message, format!("viduq3p-540p makes clips of 1 to 16 seconds, not {seconds}"));
        assert_eq!(finding.instead, [instead]);
    }
}

#[test]
fn parameters_are_typed_and_checked_like_fields() {
    let cards = Cards::built_in();
    let card = cards.get(&"zai/cogvideox-3".parse().unwrap()).unwrap();
    assert_eq!(typed(&Cards::built_in(), card, "fps", " 60 "), Ok(Value::Int(60)));
    assert_eq!(typed(&Cards::built_in(), card, "quality", "speed"), Ok(Value::Text("speed".into())));
    let finding = typed(&Cards::built_in(), card, "fps", "sixty").unwrap_err();
    assert_eq!(finding.message, "`fps` of cogvideox-3 must be a whole number, not `sixty`");
    assert_eq!(finding.instead, ["30", "60"]);
    assert_eq!(
        typed(&Cards::built_in(), card, "qualty", "speed").unwrap_err().hint.unwrap(),
        "did you mean `quality`?"
    );

    let mut request = complete("cogvideox-3");
    for (value, faults) in [(30, 0), (60, 0), (24, 1), (61, 1)] {
        request.params.insert("fps".into(), Value::Int(value));
        assert_eq!(errors(&request).len(), faults, "{value}");
    }
    request.params.insert("fps".into(), Value::Text("30".into()));
    assert_eq!(errors(&request), ["`params.fps` of cogvideox-3 must be a whole number, not the text `30`"]);
}

#[test]
fn a_user_id_has_6_to_128_characters() {
    for model in MODELS {
        for (length, faults) in [(5, 1), (6, 0), (128, 0), (129, 1)] {
            let mut request = complete(model);
            request.params.insert("user_id".into(), Value::Text("u".repeat(length)));
            assert_eq!(errors(&request).len(), faults, "{model} {length}");
        }
    }
}

#[test]
fn what_does_not_go_under_params_is_sent_to_its_place() {
    let hint = |name: &str| {
        let mut request = complete("vidu2-image");
        request.params.insert(name.into(), Value::Text("x".into()));
        let finding = only(&request);
        assert_eq!(finding.field, format!("params.{name}"));
        assert!(finding.about_name && finding.removable == finding.hint.is_none());
        (finding.message, finding.hint.unwrap_or_default())
    };
    assert!(hint("request_id").0.starts_with("shotlist sets `request_id` itself"));
    assert_eq!(hint("with_audio").1, "write it as `audio:` in the shot, not under `params:`");
    assert_eq!(hint("image_url").1, "write it as `image:` in the shot, not under `params:`");
    assert_eq!(hint("size").1, "write it as `size:` in the shot, not under `params:`");
    assert_eq!(hint("model").1, "write it as `model:` in the shot, not under `params:`");
    assert_eq!(hint("fps").0, "vidu2-image has no parameter `fps`");
}

#[test]
fn what_goes_only_together_or_never_is_said_of_any_card() {
    let document = crate::provider::document::Document::built_in(
        "example",
        r#"
profile: { base_url: "https://video.example.com", key_env: EXAMPLE_API_KEY, hosts: [video.example.com] }
models:
  - name: example/one
    summary: a model with rules of every kind
    source: this test
    modes: [text, image]
    price: { per: second, usd: "0.05", surcharges: [{ param: recommended, equals: true, usd: "0.01" }] }
    link_life_hours: 1
    fields:
      - { name: prompt, type: text, excludes: [params.recommended] }
      - { name: seed, type: int, min: 1, max: 9, required: true }
      - { name: duration, type: int, min: 1, max: 16, default: 5 }
    params:
      - { name: recommended, type: bool, default: false }
      - { name: voice, type: text, only_with: [params.recommended], required: true }
"#,
    );
    let card = &document.models[0];
    let mut request = Request::new(card.name.clone());
    let mut messages = |change: &mut dyn FnMut(&mut Request)| {
        change(&mut request);
        check(&Cards::built_in(), card, &request)
            .into_iter()
            .map(|finding| finding.message)
            .collect::<Vec<_>>()
    };
    assert_eq!(messages(&mut |_| {}), ["one needs `seed`", "one needs `params.voice`"]);
    let voiced = messages(&mut |request| {
        request.seed = Some(10);
        request.params.insert("voice".into(), Value::Text("calm".into()));
    });
    assert_eq!(
        voiced,
        [
            "`seed` of one must be 1 to 9, not 10",
            "`params.voice` of one has no effect without `params.recommended`"
        ]
    );
    let both = messages(&mut |request| {
        request.seed = Some(9);
        request.prompt = Some("a cup".into());
        request.params.insert("recommended".into(), Value::Bool(true));
    });
    assert_eq!(both, ["one takes `prompt` or `params.recommended`, not both"]);
    assert_eq!(typed(&Cards::built_in(), card, "recommended", "true"), Ok(Value::Bool(true)));
    assert!(typed(&Cards::built_in(), card, "recommended", "yes").is_err());
}

proptest! {
    #[test]
    fn any_order_is_checked_without_a_panic(
        model in prop::sample::select(MODELS.as_slice()), prompt in "\\PC{0,20}", size in "[0-9x:]{0,12}",
        width in any::<u32>(), height in any::<u32>(), url in "\\PC{0,20}", name in "[a-z_]{1,9}",
    ) {
        let mut request = order(model);
        request.prompt = Some(prompt);
        request.aspect_ratio = Some(size.clone());
        request.size = Some(size);
        request.image = Some(png(width, height));
        request.last_image = Some(png(height, width));
        request.reference_images = vec![Media::Url(url)];
        request.params.insert(name, Value::Int(-1));
        found(&request);
    }
}

/// Returns the findings about links that were not fetched.
fn named(model: &str, link: &str) -> Vec<Finding> {
    let cards = Cards::built_in();
    let mut request = Request::new(model.parse().unwrap());
    request.image = Some(Media::Url(link.to_owned()));
    check_links(cards.get(&request.model).unwrap(), &request, |_| None)
}

#[test]
fn a_link_whose_ending_is_no_format_of_the_model_is_an_error() {
    for ending in ["avif", "svg", "gif", "mp4", "heic", "tiff", "bmp", "pdf", "GIF", "webm"] {
        for model in ["zai/vidu2-image", "zai/cogvideox-3", "vtrix/viduq1_img2video", "uniall/viduq3t-540p"] {
            for query in ["", "?width=800&v=a.jpg", "#top"] {
                let link = format!("https://shop.example/img/mug.{ending}{query}");
                let [finding] = &named(model, &link)[..] else { panic!("{model}: {link}") };
                assert_eq!(finding.severity, Severity::Error);
                assert!(
                    finding.message.ends_with(&format!("not {}", ending.to_lowercase())),
                    "{}",
                    finding.message
                );
                assert_eq!(finding.detail.as_deref(), Some(&*link));
            }
        }
    }
    // Only this model does not document WebP.
    let [finding] = &named("zai/cogvideox-3", "https://shop.example/mug.webp")[..] else { panic!() };
    assert_eq!(finding.message, "cogvideox-3 takes png, jpeg pictures, not webp");
    assert_eq!(finding.hint.as_deref(), Some("write a link to a png picture"));
}

#[test]
fn a_link_with_an_ending_of_the_model_or_with_none_passes() {
    for link in [
        "https://shop.example/mug.jpg",
        "https://shop.example/mug.JPEG?v=2",
        "https://shop.example/mug.png",
        "https://shop.example/mug.webp",
        "https://shop.example/mug",
        "https://shop.example/mug.gif/",
        "https://shop.example/v1.2/mug",
        "https://shop.example/image.php?id=7.gif",
        "https://shop.example/.gif",
        "https://shop.gif",
    ] {
        assert_eq!(named("zai/vidu2-image", link), [], "{link}");
    }
}

#[test]
fn what_was_seen_behind_a_link_counts_more_than_its_ending() {
    let cards = Cards::built_in();
    let mut request = order("vidu2-image");
    request.image = Some(Media::Url("https://shop.example/mug.gif".to_owned()));
    let seen = png(800, 600).facts().map(Into::into);
    assert_eq!(check_links(cards.get(&request.model).unwrap(), &request, |_| seen), []);
}

#[test]
fn a_picture_that_a_model_may_show_otherwise_is_told() {
    let with = |traits: PictureTraits| {
        let mut request = order("vidu2-image");
        let mut picture = png(800, 600);
        if let Media::File(file) = &mut picture {
            file.facts.traits = traits;
        }
        request.image = Some(picture);
        found(&request)
    };
    let plain = PictureTraits::default();
    assert_eq!(with(plain), []);
    for (traits, word) in [
        (PictureTraits { turned: true, ..plain }, "turned by its EXIF orientation"),
        (PictureTraits { cmyk: true, ..plain }, "CMYK"),
        (PictureTraits { deep: true, ..plain }, "more than 8 bits"),
    ] {
        let [finding] = &with(traits)[..] else { panic!("{traits:?}") };
        assert_eq!(finding.severity, Severity::Warning);
        assert!(finding.message.contains(word), "{}", finding.message);
    }
    assert_eq!(with(PictureTraits { turned: true, cmyk: true, deep: true }).len(), 3);
}
