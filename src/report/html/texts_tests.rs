use super::*;

#[test]
fn the_parts_of_a_text_joined_are_the_text() {
    let cases =
        ["", "one", "a mug, blue: it turns. It stands.", "1.5 s, 2,000 px.", ", , .", "line.\nnext, é: ü"];
    for text in cases {
        let mut texts = Texts::default();
        let parts = texts.parts(text);
        let Table(all) = texts.into_all();
        let joined: String = parts.iter().map(|part| all[*part].as_str()).collect();
        assert_eq!(joined, text);
    }
}

#[test]
fn what_prompts_share_is_kept_once() {
    let mut texts = Texts::default();
    let one = texts.parts("Product film: a mug, in daylight. It turns.");
    let two = texts.parts("Product film: a bowl, in daylight. It turns.");
    let shared = one.iter().filter(|part| two.contains(part)).count();
    assert_eq!((one.len(), shared), (4, 3));
}
