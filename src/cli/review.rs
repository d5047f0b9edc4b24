//! Implements `shotlist review`.

use super::args::ReviewArgs;
use super::context::Context;
use super::decisions;
use super::signals::Signals;
use crate::app::decide::local_reviewer;
use crate::app::error::Error;
use crate::app::exit::Exit;
use crate::app::project::Project;
use crate::report::terminal::Terminal;
use crate::review::{Opener, Options, Server};
use serde_json::json;

/// Serves the review page until a signal arrives, or reads review decisions from a file, or writes them to a file.
pub(super) async fn review(context: &Context, args: &ReviewArgs) -> Result<Exit, Error> {
    let project = context.open(args.manifest.manifest.as_deref())?.project;
    let who = args.who.clone().unwrap_or_else(local_reviewer);
    if args.import.is_some() || args.export.is_some() {
        return decisions::exchange(&context.terminal, &project, &who, args).await;
    }
    serve(&context.terminal, project, who, args).await
}

async fn serve(terminal: &Terminal, project: Project, who: String, args: &ReviewArgs) -> Result<Exit, Error> {
    let places = project.places().clone();
    let &ReviewArgs { read_only, listen, allow_remote, .. } = args;
    let options = Options { only: args.only.clone(), read_only, listen, allow_remote, who: who.clone() };
    let local = |error: std::io::Error| Error::new(Exit::Local, format!("the review failed: {error}"));
    let mut signals = Signals::listen().map_err(local)?;
    let checked = project.clone();
    let server = Server::start(project, options).await.map_err(|error| args.hinted(error, &places))?;
    if terminal.json {
        terminal.data(json!({
            "schema": "shotlist.review/1",
            "link": server.link(),
            "read_link": server.read_link(),
            "listen": server.listen().to_string(),
            "read_only": read_only, "who": who,
        }));
    } else {
        terminal.data(server.link());
    }
    if !server.listen().ip().is_loopback() {
        terminal.tell(
            "warning: other computers can connect, and the connection is not encrypted: anyone who gets the link \
             can see the clips and, unless the review is read-only, decide. Stop the review when you are done.",
            2,
        );
    }
    terminal.tell(
        &if read_only {
            "read-only: no decisions can be recorded. Ctrl-C stops the review.".to_owned()
        } else {
            format!(
                "decisions are saved immediately, under the name {who}; nothing is sent to a provider. \
                 Ctrl-C stops the review."
            )
        },
        2,
    );
    let opener = args.open.then(|| Opener::open(&places, &server.link())).transpose();
    if let Err(error) = &opener {
        terminal.say(format_args!("warning: no browser was opened: {error}; open the link above"));
    }
    let checks = async {
        if let Err(error) = checked.check_clips().await {
            terminal.say(format_args!("warning: the clips cannot be checked: {error}"));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = signals.next() => {}
        // Verdicts reach the page as they are recorded.
        () = checks => {}
    }
    server.stop().await.map_err(local)?;
    terminal.next(places.typed("status"));
    Ok(Exit::Done)
}
