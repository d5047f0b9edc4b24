//! Reads pictures from the disk, and saves clips to it.
//!
//! Pictures:
//!
//! - [`pictures`] reads the pictures to send, and [`image_cache`] remembers their properties.
//! - [`names`] finds a file in either Unicode form of its name.
//!
//! Clips:
//!
//! - [`tree`] manages the output folder and the folder of unfinished downloads.
//! - [`part`] receives a clip, and [`stored`] keeps its bytes on the disk.
//! - [`place`] renames a clip to its final file name, and [`refile`] changes that name later.
//! - [`save_queues`] saves all clips that wait at the same time, in [`groups`] that share their open [`folders`].
//! - [`examine`] compares files with their records, and [`sidecars`] reads the files next to clips.
//! - `obstacle` finds why a clip could not be saved, and [`disks`] finds folders on which a disk is mounted.
//! - [`ffmpeg`] decodes clips if it is installed, and makes their [`posters`].
//!
//! Shared operations:
//!
//! - [`dir`] provides the disk operations, each relative to an open directory, so that no folder can be swapped
//!   meanwhile; [`steps`] counts them.
//! - [`below`] opens a file for the local review page, and [`output`] writes a document to the file that the user
//!   names.
//!
//! All functions of this module block, except `async` ones; async callers must run them on a thread that may block.

pub mod below;
pub mod dir;
pub mod disks;
pub mod examine;
pub mod ffmpeg;
pub mod folders;
pub mod groups;
pub mod image_cache;
pub mod names;
mod obstacle;
pub mod output;
pub mod part;
pub mod pictures;
pub mod place;
pub mod posters;
pub mod received;
pub mod refile;
pub mod resume;
pub mod save_queues;
pub mod sidecars;
pub mod steps;
pub mod stored;
pub mod tree;

pub use below::open_below;
pub use dir::{atomic_write, free_space};
pub use disks::{Look, disk_among};
pub use examine::{Finding, SidecarFault};
pub use ffmpeg::{DecodeFault, Decoding, Ffmpeg};
pub use image_cache::ImageCache;
pub use names::find;
pub use obstacle::{Obstacle, ObstacleSearch};
pub use output::{Output, OutputFault, Replace, head, read_regular};
pub use part::{PartialDownload, Resumed};
pub use pictures::{PictureChanged, PictureTrouble, assemble, inspect, picture};
pub use place::{Older, PlaceFault, Placement, kept_path};
pub use posters::{Poster, poster};
pub use received::{ReceiveFault, Received};
pub use refile::Refile;
pub use save_queues::SaveQueues;
pub use steps::{Steps, observe_syncs};
pub use tree::Tree;
