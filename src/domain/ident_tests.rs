use super::*;

#[track_caller]
fn id(written: &str) -> (String, bool) {
    let Ident { id, is_trimmed } = ident(written).unwrap();
    // An id in normal form is not changed.
    assert_eq!(ident(&id), Ok(Ident { id: id.clone(), is_trimmed: false }));
    (id, is_trimmed)
}

const HIDDEN: [char; 12] = [
    '\u{ad}',
    '\u{200b}',
    '\u{200e}',
    '\u{200f}',
    '\u{202a}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2069}',
    '\u{feff}',
    '\u{61c}',
    '\u{e0041}',
];

#[test]
fn i24_letters_with_their_accents_apart_and_as_one_are_one_id() {
    assert_eq!(id("cafe\u{301}"), ("caf\u{e9}".to_owned(), false));
    assert_eq!(id("caf\u{e9}"), ("caf\u{e9}".to_owned(), false));
    assert_eq!(id("\u{1112}\u{1161}\u{11ab}"), ("\u{d55c}".to_owned(), false));
    for plain in ["0123", " a ", "a\tb", "", " ", "Größe 3", "Ünïcode", "東京", "ёж", "a\u{1b}b"] {
        assert_eq!(id(plain), (plain.to_owned(), false));
    }
    // An id with a different letter is a different id.
    assert_ne!(id("\u{fb01}x").0, id("fix").0);
}

#[test]
fn hidden_characters_are_left_out_at_the_ends_and_refused_inside() {
    for hidden in HIDDEN.into_iter().chain(JOINERS) {
        assert_eq!(id(&format!("{hidden}SKU-1{hidden}{hidden}")), ("SKU-1".to_owned(), true));
        assert_eq!(id(&format!(" {hidden} SKU-1 {hidden}")), ("SKU-1".to_owned(), true));
        let code = format!("U+{:04X}", u32::from(hidden));
        assert_eq!(ident(&format!("{hidden} ")).unwrap_err().shown, format!("<{code}> "));
        let refused = ident(&format!("SKU{hidden}-1")).unwrap_err();
        assert_eq!(refused, Hidden { code: code.clone(), shown: format!("SKU<{code}>-1") });
        assert_eq!(refused.to_string(), format!("the id contains the invisible character {code}"));
    }
    let two = ident("\u{feff}a\u{202e}b\u{200b}c").unwrap_err();
    assert_eq!((&*two.code, &*two.shown), ("U+202E", "a<U+202E>b<U+200B>c"));
}

#[test]
fn joiners_belong_to_the_scripts_and_emoji_that_need_them() {
    for word in [
        // Persian, Hindi, Bengali, Malayalam, Sinhala.
        "می\u{200c}خواهم",
        "क\u{94d}\u{200d}ष",
        "র\u{200d}\u{9cd}য",
        "ന\u{d4d}\u{200d}മ",
        "ක\u{dca}\u{200d}ය",
        "👩\u{200d}🎨",
        "❤\u{fe0f}\u{200d}🔥",
        "👩🏽\u{200d}🦰-1",
    ] {
        assert_eq!(id(word), (composed(word), false), "{word}");
    }
    for (word, shown) in [
        ("a\u{200d}b", "a<U+200D>b"),
        ("می\u{200c}x", "می<U+200C>x"),
        ("م\u{200c}\u{200c}م", "م<U+200C><U+200C>م"),
        ("1\u{200d}👩", "1<U+200D>👩"),
        ("م\u{200b}م", "م<U+200B>م"),
    ] {
        assert_eq!(ident(word).unwrap_err().shown, shown);
    }
}

#[test]
fn a_variant_of_a_character_stays_in_an_id_and_a_filler_does_not() {
    for id in
        ["\u{845b}\u{e0100}", "\u{845b}\u{e0100}\u{57ce}", "\u{1820}\u{180b}\u{1821}", "\u{2764}\u{fe0f}"]
    {
        assert_eq!(ident(id), Ok(Ident { id: id.to_owned(), is_trimmed: false }));
    }
    assert_eq!(ident("a\u{3164}b").unwrap_err().shown, "a<U+3164>b");
}
