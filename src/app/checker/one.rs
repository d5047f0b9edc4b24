//! Checks a single clip, and blocks the calling thread until the verdict is known.

use super::file::{self, Ordered, finding};
use super::frames::{self, Sources};
use crate::app::environment::search_path;
use crate::app::places::Places;
use crate::domain::request::{Media, Request};
use crate::domain::take::Take;
use crate::domain::verdict::{Checked, Verdict};
use crate::files::{DecodeFault, Decoding, Ffmpeg, Tree, picture, poster};
use crate::load::cards;
use crate::manifest::{CHECKS, Checks};
use crate::media::frames::{Measuring, Picture};
use crate::media::{image, mp4};
use crate::plan::known::Filed;
use crate::provider::Registry;
use crate::provider::cards::Cards;
use crate::store::Check;
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

/// Name of the check that a file is a readable clip; it cannot be switched off.
const FILE: &str = "file";

/// The folders, settings and programs that the check of a clip needs.
pub(crate) struct Checker {
    tree: Tree,
    pub(crate) settings: Checks,
    cards: Cards,
    /// State folder, in which posters (still pictures of clips) are kept.
    state: PathBuf,
    /// Folder that the paths of source pictures are relative to.
    pictures: PathBuf,
    sandbox: bool,
    /// The program `ffmpeg`, which decodes clips; `None` if it is not installed, switched off or broken.
    ffmpeg: Mutex<Option<Ffmpeg>>,
    /// First reason why frames were not checked although `ffmpeg` is installed.
    fault: Mutex<Option<String>>,
    /// True to end the current check early.
    stop: AtomicBool,
}

impl Checker {
    /// Returns a checker for the clips in a folder. It starts `ffmpeg` once to find out its features.
    pub(crate) fn new(places: &Places, registry: &Registry, settings: Checks, tree: Tree) -> Self {
        let found = search_path().filter(|_| settings.frames).and_then(|path| Ffmpeg::find(&path));
        let (ffmpeg, fault) = match found {
            Some(Ok(ffmpeg)) => (Some(ffmpeg), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, None),
        };
        Self {
            tree,
            settings,
            cards: cards(&places.manifest, registry),
            state: places.state.clone(),
            pictures: places.folder.clone(),
            sandbox: places.sandbox,
            ffmpeg: Mutex::new(ffmpeg),
            fault: Mutex::new(fault),
            stop: AtomicBool::new(false),
        }
    }

    /// Returns the program `ffmpeg`; `None` if it is not usable or has failed.
    pub(crate) fn ffmpeg(&self) -> Option<Ffmpeg> {
        self.ffmpeg.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the reason why an installed `ffmpeg` is not used; `None` if it is used or not installed.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether a clip must be checked: it has no current verdict, or `ffmpeg` can add frame checks or a poster.
    pub(crate) fn is_due(&self, filed: &Filed, known: Option<&Check>) -> bool {
        let clip = filed.file.sha256;
        let settings = self.settings.digest();
        let is_current = |known: &Check| known.is_about(clip, Some(settings));
        let ffmpeg = self.ffmpeg();
        let lacks_frames = |known: &Check| ffmpeg.is_some() && !known.checked.frames;
        let lacks_poster =
            ffmpeg.as_ref().is_some_and(Ffmpeg::has_webp) && poster(&self.state, clip).is_none();
        match known {
            // Another try would not decode the file either, so it gets no frames and no poster.
            Some(known) if is_current(known) && known.checked.findings.iter().any(|it| it.check == FILE) => {
                false
            }
            Some(known) if is_current(known) => lacks_frames(known) || lacks_poster,
            _ => true,
        }
    }

    /// Checks a saved clip; returns `None` if the file differs from its record or the check was stopped.
    pub(crate) fn check(&self, take: &Take, filed: &Filed) -> Option<Check> {
        let mut clip = self.tree.open_clip(&filed.path, &filed.file).ok()??;
        let ordered = Ordered {
            request: &take.request,
            card: self.cards.get(&take.request.model).map(AsRef::as_ref),
            sandbox: self.sandbox,
        };
        let mut checked = Checked::default();
        match mp4::inspect(&mut BufReader::new(&clip)) {
            Ok(facts) => {
                checked.findings = file::findings(&self.settings, ordered, &facts);
                clip.rewind().ok()?;
                self.look(&clip, &facts, take, filed, &mut checked)?;
            }
            Err(fault) => checked.findings.push(finding(FILE, Verdict::Fail, fault.to_string())),
        }
        checked.findings.retain(|finding| self.settings.has(&finding.check));
        let place = |check: &str| CHECKS.iter().position(|known| *known == check);
        checked.findings.sort_by(|one, other| {
            other.verdict.cmp(&one.verdict).then_with(|| place(&one.check).cmp(&place(&other.check)))
        });
        let settings = self.settings.digest();
        Some(Check { take: take.id.clone(), clip: filed.file.sha256, settings, checked })
    }

    /// Checks the frames of a clip if `ffmpeg` is usable, and adds the findings to `checked`.
    ///
    /// It returns `None` if the check was stopped.
    fn look(
        &self,
        clip: &File,
        facts: &mp4::ClipFacts,
        take: &Take,
        filed: &Filed,
        checked: &mut Checked,
    ) -> Option<()> {
        let Some(ffmpeg) = self.ffmpeg() else { return Some(()) };
        let fps = facts.fps().unwrap_or_default();
        let decoding =
            Decoding { clip, fps, posters: Some((&self.state, filed.file.sha256)), stop: &self.stop };
        let mut frames = Measuring::new(Ffmpeg::rate(fps), self.settings.cut);
        match ffmpeg.decode(&decoding, &mut |frame| frames.add(frame)) {
            Ok(()) => {
                checked.frames = true;
                let sources = self.sources(&take.request, (facts.width, facts.height));
                match frames.finish() {
                    Some(measures) => {
                        checked.findings.extend(frames::findings(&self.settings, &measures, &sources));
                    }
                    None => {
                        checked.findings.push(finding(
                            FILE,
                            Verdict::Warn,
                            "ffmpeg finds no frame in the clip",
                        ));
                    }
                }
            }
            Err(DecodeFault::Clip(why)) => {
                checked.frames = true;
                checked.findings.push(finding(
                    FILE,
                    Verdict::Warn,
                    format!("ffmpeg cannot decode the clip: {why}"),
                ));
            }
            Err(DecodeFault::Stopped) => return None,
            // The next clip would meet the same fault.
            Err(fault @ (DecodeFault::Program(_) | DecodeFault::Slow)) => self.give_up(fault.to_string()),
        }
        Some(())
    }

    fn give_up(&self, why: String) {
        *self.ffmpeg.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    /// Reads the source pictures of a request; linked pictures and changed files are left out.
    fn sources(&self, request: &Request, size: (u32, u32)) -> Sources {
        let read = |media: Option<&Media>| {
            let bytes = match media? {
                // The server may serve another picture by now.
                Media::Url(_) => return None,
                Media::File(file) => picture(&self.pictures, file).ok()?,
                Media::Inline { uri, .. } => image::content(uri).ok()?.1,
            };
            Picture::decode(&bytes, size)
        };
        Sources { first: read(request.image.as_ref()), last: read(request.last_image.as_ref()) }
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
