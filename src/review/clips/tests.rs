use super::*;

#[test]
fn only_clips_and_pictures_are_served_whatever_they_are_called() {
    let cases: [(&[u8], _); 4] = [
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", "image/jpeg"),
        (b"RIFF\x10\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
    ];
    for (head, known) in cases {
        assert_eq!(kind(head), Some(known));
        assert_eq!(kind(&head[..2]), None);
    }
    for head in ["", "<html>", "<svg xmlns=", "<?xml version", "GIF89a", "%PDF-1.7", "RIFF\x10\0\0\0WAVE"] {
        assert_eq!(kind(head.as_bytes()), None, "{head}");
    }
}
