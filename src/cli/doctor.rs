use super::args::{Global, ManifestArg};
use super::exit::{Error, Exit};
use super::terminal::Terminal;
pub(super) async fn doctor(_: &Terminal, _: &Global, _: &ManifestArg) -> Result<Exit, Error> { Ok(Exit::Done) }
