//! Arguments of `review`.

use super::ManifestArg;
use crate::app::error::Error;
use crate::app::places::Places;
use crate::app::words::Words;
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Arguments of `review`.
#[derive(Debug, Clone, Args)]
pub struct ReviewArgs {
    /// The manifest
    #[command(flatten)]
    pub manifest: ManifestArg,
    /// Only jobs whose key or item matches, such as 'hero/*' or 'WH-*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Show the clips, but record no decisions
    #[arg(long)]
    pub read_only: bool,
    /// Address and port to listen on; default: any free port of 127.0.0.1
    #[arg(long, value_name = "ADDR:PORT", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        hide_default_value = true, value_parser = listen)]
    pub listen: SocketAddr,
    /// Let other computers connect; the connection is not encrypted
    #[arg(long)]
    pub allow_remote: bool,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
    /// Name that is kept with each decision; default: your user and computer
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Record the decisions from this file and serve no page; - for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "read_only", "listen", "allow_remote", "open"])]
    pub import: Option<PathBuf>,
    /// Write all decisions to this file and serve no page; - for stdout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "read_only", "listen", "allow_remote", "open"])]
    pub export: Option<PathBuf>,
}

impl ReviewArgs {
    /// Adds to an error the command that lets other computers connect, if the review was refused without that.
    pub(crate) fn hinted(&self, error: Error, places: &Places) -> Error {
        if self.listen.ip().is_loopback() || self.allow_remote {
            return error;
        }
        let words = Words::new("review")
            .option("--only", &self.only)
            .flag("--read-only", self.read_only)
            .option("--listen", [self.listen])
            .flag("--allow-remote", true)
            .flag("--open", self.open)
            .option("--who", &self.who);
        error.hint(places.typed(&words.build()))
    }
}

/// Parses the address and port of a server.
fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "write an address with a port, such as 127.0.0.1:8420".to_owned())
}
