use super::*;

#[test]
fn a_cell_lists_pictures_in_every_usual_spelling() {
    let two = ["a.jpg", "b.jpg"];
    for cell in [
        "a.jpg, b.jpg",
        "a.jpg,b.jpg",
        "a.jpg;b.jpg",
        "a.jpg | b.jpg",
        "a.jpg b.jpg",
        "a.jpg\nb.jpg",
        "a.jpg\r\nb.jpg\r\n",
        "a.jpg, b.jpg,",
        ", a.jpg, b.jpg",
        "a.jpg , b.jpg",
        "[\"a.jpg\", \"b.jpg\"]",
        "[{\"src\": \"a.jpg\"}, {\"alt\": \"x\", \"url\": \"b.jpg\"}]",
        "[{\"original\": \"a.jpg\"}, {\"image\": {\"src\": \"b.jpg\"}}]",
        "[{\"thumb\": \"c.jpg\", \"large\": \"a.jpg\"}, {\"small\": \"c.jpg\", \"medium\": \"b.jpg\"}]",
        "['a.jpg', 'b.jpg']",
        "['a.jpg', \"b.jpg\"]",
        "<p>x <img src=\"a.jpg\"> and <IMG alt='' src='b.jpg'/></p>",
    ] {
        assert_eq!(listed(cell), two, "{cell:?}");
    }
    assert_eq!(
        listed("https://a.example/1 https://a.example/2"),
        ["https://a.example/1", "https://a.example/2"]
    );
    assert_eq!(listed("https://a.example/1,https://a.example/2").len(), 2);
    assert_eq!(
        listed("a (1).jpg (https://a.example/1),b.jpg (https://a.example/2)"),
        ["https://a.example/1", "https://a.example/2"]
    );
    assert_eq!(listed("my mug 1.jpg, my mug 2.jpg"), ["my mug 1.jpg", "my mug 2.jpg"]);
}

#[test]
fn one_picture_with_marks_of_its_own_stays_one() {
    for cell in [
        "a.jpg",
        "my mug.jpg",
        "my mug, blue.jpg",
        "https://a.example/w_200,h_300/mug.jpg",
        "https://a.example/mug.jpg?v=1,2.png",
        "https://a.example/mug?size=1;2",
        "https://proxy.example/?url=https://a.example/mug.jpg",
        "data:image/png;base64,AAAA",
        "n/a",
        "[draft] mug.jpg",
        "['a.jpg' and 'b.jpg']",
        "mug (blue).jpg",
        "mug (https://a.example/1) and more",
        "<p>no picture</p>",
    ] {
        assert_eq!(listed(cell), [cell], "{cell:?}");
    }
    assert!(listed(" ").is_empty() && listed("[]").is_empty());
}

#[test]
fn addresses_and_endings_are_told_apart() {
    assert!(
        is_address("https://a.example/b")
            && is_address("//cdn.example/b")
            && is_address("HTTPS://A.example/b")
    );
    assert!(!is_address("// remark") && !is_address("see https://a.example") && !is_address("a.jpg"));
    assert!(has_ending("a.JPEG?v=1") && has_ending("https://a.example/b.avif#x") && !has_ending(".jpg"));
    assert!(!has_ending("manual.pdf") && !has_ending("jpg"));
}
