//! The folder tree: pictures in, clips out.
//!
//! [`pictures`] reads what is to be sent, [`image_cache`] remembers what pictures were. [`tree`] knows the output folder and
//! the folder of unfinished downloads, [`part`] receives a clip into what [`stored`] keeps on the disk, [`place`] gives it its
//! name, [`refile`] gives it another; [`intake`] does this for all clips that wait at the same time, in [`groups`] that share
//! their open [`folders`]. [`names`] finds a file in either Unicode form of its name.
//! [`examine`] compares what stands with what was recorded, `obstacle` finds what is in the way of a name, [`sidecars`]
//! reads the file beside a clip, [`disks`] finds folders on disks of their own. [`ffmpeg`] decodes clips where it is installed and makes their [`posters`]. [`dir`] has the
//! steps of which they are made, each relative to an open directory, so that nothing can be swapped beneath them; [`steps`]
//! counts them. [`below`] opens a file for a reader elsewhere.
//!
//! Everything here blocks but what is `async`; callers in async code wrap it.

pub mod below;
pub mod dir;
pub mod disks;
pub mod examine;
pub mod ffmpeg;
pub mod folders;
pub mod groups;
pub mod image_cache;
pub mod intake;
pub mod names;
mod obstacle;
pub mod part;
pub mod pictures;
pub mod place;
pub mod posters;
pub mod received;
pub mod refile;
pub mod resume;
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
pub use intake::Intake;
pub use names::find;
pub use obstacle::{Obstacle, ObstacleSearch};
pub use part::{Part, TakenUp};
pub use pictures::{PictureChanged, PictureTrouble, assemble, inspect, picture};
pub use place::{Older, PlaceFault, Placement, kept_path};
pub use posters::{Poster, poster};
pub use received::{ReceiveFault, Received};
pub use refile::Refile;
pub use steps::{Steps, observe_syncs};
pub use tree::Tree;
