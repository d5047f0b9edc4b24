//! Makes a clip of any size: an MP4 with a single frame, whose boxes follow each other without a gap.

/// The time units per second, and the length of the clip in them.
const TICKS: (u32, u32) = (1000, 5000);

/// The width and height in pixels.
const SIZE: (u16, u16) = (1920, 1080);

/// Returns a clip of exactly this length in bytes, or of the shortest one that holds its tables.
pub(crate) fn clip(bytes: usize) -> Vec<u8> {
    let first = boxed(b"ftyp", &[b"isom", &[0, 0, 2, 0], b"isomiso2avc1mp41"]);
    let tables = tables(0, 0).len();
    let frame = noise(bytes.saturating_sub(first.len() + tables + 8).max(1));
    let at = first.len() + tables + 8;
    let mut clip = first;
    clip.extend(self::tables(number(at), number(frame.len())));
    clip.extend(boxed(b"mdat", &[&frame]));
    clip
}

/// Returns bytes that do not repeat, so that no compression shortens them.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("a clip of the benchmark is below 4 GiB")
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = number(length).to_be_bytes().to_vec();
    bytes.extend(kind);
    for part in parts {
        bytes.extend(*part);
    }
    bytes
}

/// Returns 32-bit numbers as the bytes of a box.
fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The matrix of a picture without rotation.
const UNTURNED: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Returns the `moov` box of a clip with one frame at this offset and of this length.
fn tables(at: u32, length: u32) -> Vec<u8> {
    let (scale, duration) = TICKS;
    let (width, height) = (u32::from(SIZE.0) << 16, u32::from(SIZE.1) << 16);
    let movie =
        [&[0, 0, 0, scale, duration, 0x1_0000, 0x0100_0000, 0, 0][..], &UNTURNED, &[0; 6], &[2]].concat();
    let header = [&[3, 0, 0, 1, 0, duration, 0, 0, 0, 0][..], &UNTURNED, &[width, height]].concat();
    let handler = [words(&[0, 0]), b"vide".to_vec(), words(&[0, 0, 0]), vec![0]].concat();
    let data = boxed(b"dref", &[&words(&[0, 1]), &boxed(b"url ", &[&words(&[1])])]);
    let samples = boxed(
        b"stbl",
        &[
            &boxed(b"stsd", &[&words(&[0, 1]), &entry()]),
            &boxed(b"stts", &[&words(&[0, 1, 1, duration])]),
            &boxed(b"stsc", &[&words(&[0, 1, 1, 1, 1])]),
            &boxed(b"stsz", &[&words(&[0, 0, 1, length])]),
            &boxed(b"stco", &[&words(&[0, 1, at])]),
        ],
    );
    let tables =
        boxed(b"minf", &[&boxed(b"vmhd", &[&words(&[1, 0, 0])]), &boxed(b"dinf", &[&data]), &samples]);
    let content = boxed(
        b"mdia",
        &[
            // The language is `und`.
            &boxed(b"mdhd", &[&words(&[0, 0, 0, scale, duration, 0x55c4_0000])]),
            &boxed(b"hdlr", &[&handler]),
            &tables,
        ],
    );
    let whole = boxed(b"trak", &[&boxed(b"tkhd", &[&words(&header)]), &content]);
    boxed(b"moov", &[&boxed(b"mvhd", &[&words(&movie)]), &whole])
}

/// Returns the sample entry: H.264 without parameter sets, because nothing is decoded.
fn entry() -> Vec<u8> {
    let [width, height] = [SIZE.0, SIZE.1].map(u16::to_be_bytes);
    let visual = [
        &[0; 6][..],
        &[0, 1],
        &[0; 16],
        &width,
        &height,
        &words(&[0x48_0000, 0x48_0000, 0]),
        &[0, 1],
        &[0; 32],
        &[0, 24, 0xff, 0xff],
    ]
    .concat();
    boxed(b"avc1", &[&visual, &boxed(b"avcC", &[&[1, 66, 0, 30, 0xff, 0xe0, 0]])])
}
