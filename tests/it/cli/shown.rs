//! Pictures as they are shown: turned by their EXIF orientation, and told where a model may show them otherwise.

use crate::snapshot::assert_whole;
use crate::support::Project;

const SHOP: &str = r#"version: 1
project: shop
items: { from: products.csv }
shots:
  hero:
    model: zai/vidu2-start-end
    image: "{{ item.first }}"
    last_image: "{{ item.last }}"
    prompt: "A slow turn"
"#;

/// A JPEG of that size, stored with an EXIF orientation; only its header is read.
fn jpeg(width: u16, height: u16, orientation: u8) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(b"\xff\xc0\0\x11\x08");
    bytes.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    bytes.extend(b"\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0");
    bytes.extend([0x5a; 300]);
    bytes.extend(b"\xff\xd9");
    bytes
}

fn shop(row: &str) -> Project {
    let project = Project::empty(|_| {});
    project.manifest(SHOP);
    project.write("wide.jpg", jpeg(1200, 800, 1));
    project.write("high.jpg", jpeg(800, 1200, 1));
    project.write("turned.jpg", jpeg(1200, 800, 6));
    project.write("upside.jpg", jpeg(800, 1200, 3));
    project.write("products.csv", format!("id,first,last\n{row}\n"));
    project
}

#[test]
fn first_and_last_frame_are_compared_as_they_are_shown() {
    for row in ["a,wide.jpg,turned.jpg", "a,turned.jpg,wide.jpg"] {
        assert_whole!(shop(row).run(&["validate"]).expect(4));
    }
    for row in ["a,high.jpg,turned.jpg", "a,turned.jpg,high.jpg", "a,upside.jpg,turned.jpg"] {
        assert_whole!(shop(row).run(&["validate"]).expect(0));
    }
    for row in ["a,high.jpg,high.jpg", "a,wide.jpg,wide.jpg"] {
        assert_whole!(shop(row).run(&["validate"]).expect(0));
    }
}

#[test]
fn a_linked_picture_in_a_format_that_the_model_lacks_is_an_error_of_its_row() {
    let row = "a,https://shop.example/a.jpg,https://shop.example/a.avif?v=1";
    for command in ["validate", "plan"] {
        assert_whole!(shop(row).run(&[command]).expect(4));
    }
    shop("a,https://shop.example/a.jpg,https://shop.example/b").run(&["validate"]).expect(0);
}

#[test]
fn a_data_uri_in_a_format_that_the_model_lacks_is_an_error_of_its_row() {
    // The header of a GIF.
    let row = "a,high.jpg,\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\"";
    assert_whole!(shop(row).run(&["validate"]).expect(4));
}
