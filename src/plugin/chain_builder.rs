//! Chains are built here, off the audio thread: by a thread of the instance's own while it plays,
//! and by whoever calls `activate()` when the host starts it.
//!
//! The audio thread stores the id of the chain that it wants, and wakes the thread. There is no
//! queue, so the order in which threads get to run never decides what plays: whatever is built, it
//! is what was wanted last.
//!
//! nice-plug has a background thread of its own, which all instances share. It ends for good when it
//! meets a task of an instance that is gone, and takes the host down when it is itself the last
//! owner of one. Both happen to a host that removes a plug-in while a chain is being built.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use nice_plug_egui::RepaintNotifier;

use super::chain_request::{ChainRequest, NO_CHAIN};
use super::models::Models;
use crate::engine::{Chain, ChainSender, Engine, Meters, chain_swap};
use crate::nn::{ConvTasNetModel, ModelError, shared};
use crate::separators::{self, BuildError, Networks, Separator, SeparatorKind, default_models};
use crate::stem::{NUM_CHANNELS, StemBuffer};

/// Silent hops that a new separator runs before it is sent: its code and memory are then warm, and
/// the audio thread's first hop costs no more than any other.
const WARM_UP_HOPS: usize = 4;

/// How a request turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainStatus {
    /// What plays: the kind asked for, its fallback, or nothing (the sound passes unchanged).
    pub kind: Option<SeparatorKind>,
    /// One sentence for the user, if it is not the kind or the model asked for.
    pub problem: Option<String>,
    /// The network that plays, if one does.
    pub model: Option<ModelNote>,
}

/// What a model file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelNote {
    pub title: String,
    /// An SPDX expression.
    pub licence: String,
    /// What it learned from; empty if nobody has said.
    pub data: String,
}

impl ModelNote {
    fn of(model: &ConvTasNetModel) -> Self {
        let text = |field: &str| {
            let value = model.provenance().get(field);
            value
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            title: text("title"),
            licence: model.licence().to_owned(),
            data: text("data"),
        }
    }
}

/// Builds chains and sends them to the engine. Shared by the audio thread, which only calls
/// [`ChainBuilder::want`], the [`BuilderThread`], and the editor.
pub struct ChainBuilder {
    /// Id of the newest request. Written by whoever owns the plug-in: the audio thread or
    /// `activate()`.
    wanted_id: AtomicU64,
    /// Held while building.
    delivery: Mutex<Delivery>,
    /// By request id: one entry for each mode, rate and model that was asked for. Never touched by
    /// the audio thread.
    statuses: Mutex<BTreeMap<u64, ChainStatus>>,
    models: Arc<Models>,
    repaint: RepaintNotifier,
}

/// The way to the present engine.
struct Delivery {
    /// `None` until there is an engine.
    sender: Option<ChainSender>,
    /// Request id of the chain that was sent last.
    sent_id: u64,
}

impl ChainBuilder {
    pub fn new(models: Arc<Models>, repaint: RepaintNotifier) -> Self {
        Self {
            wanted_id: AtomicU64::new(NO_CHAIN),
            delivery: Mutex::new(Delivery {
                sender: None,
                sent_id: NO_CHAIN,
            }),
            statuses: Mutex::default(),
            models,
            repaint,
        }
    }

    /// Makes every older request obsolete. Real-time safe.
    pub fn want(&self, id: u64) {
        self.wanted_id.store(id, Relaxed);
    }

    /// An engine that plays this request, and from now on gets all chains. `None` if nothing can
    /// separate at that rate.
    pub fn start_engine(&self, request: ChainRequest, meters: Arc<Meters>) -> Option<Engine> {
        let mut delivery = lock(&self.delivery);
        let chain = self.build(request)?;
        let (receiver, sender) = chain_swap();
        *delivery = Delivery {
            sender: Some(sender),
            sent_id: request.id(),
        };
        Some(Engine::new(chain, receiver, meters))
    }

    /// Builds and sends the chain that is wanted, unless it was sent last; sends what waits for the
    /// engine to take the one before, and frees what came back.
    pub fn catch_up(&self) {
        let mut delivery = lock(&self.delivery);
        let Delivery { sender, sent_id } = &mut *delivery;
        let Some(sender) = sender else {
            return;
        };
        loop {
            let wanted_id = self.wanted_id.load(Relaxed);
            let Some(request) = ChainRequest::from_id(wanted_id).filter(|_| wanted_id != *sent_id)
            else {
                break;
            };
            let chain = self.build(request);
            // Something else may be wanted by now.
            if self.wanted_id.load(Relaxed) == wanted_id {
                *sent_id = wanted_id;
                if let Some(chain) = chain {
                    sender.send(chain);
                }
            }
        }
        sender.deliver();
    }

    /// How a request turned out, once it has been built.
    pub fn status(&self, id: u64) -> Option<ChainStatus> {
        lock(&self.statuses).get(&id).cloned()
    }

    fn build(&self, request: ChainRequest) -> Option<Box<Chain>> {
        let rate_hz = f64::from(request.rate_hz);
        let file = self.models.file(request.kind);
        let (separator, status) = build_or_fall_back(request.kind, rate_hz, file.as_deref());
        lock(&self.statuses).insert(request.id(), status);
        self.repaint.request_repaint();
        separator.map(|mut separator| {
            warm_up(separator.as_mut());
            Box::new(Chain::new(separator, rate_hz, request.id()))
        })
    }
}

/// Calls [`ChainBuilder::catch_up`] whenever it is woken. Ends with this handle, after the chain
/// that it may just be building.
pub struct BuilderThread {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BuilderThread {
    /// Without a thread, should the system refuse one, chains are built by `activate()` alone.
    pub fn spawn(builder: Arc<ChainBuilder>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = is_over.clone();
        let thread = thread::Builder::new()
            .name("unbraid builder".into())
            .spawn(move || {
                while !ends.load(Relaxed) {
                    builder.catch_up();
                    thread::park();
                }
            })
            .ok();
        Self { is_over, thread }
    }

    /// Real-time safe: an atomic, and a system call that wakes the thread if it sleeps.
    pub fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for BuilderThread {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and has said so.
            let _ = thread.join();
        }
    }
}

/// The separator asked for, or else the one that stands in for it: the build's own weights for a
/// file that can't be played, another kind where there are none.
fn build_or_fall_back(
    kind: SeparatorKind,
    rate_hz: f64,
    file: Option<&str>,
) -> (Option<Box<dyn Separator>>, ChainStatus) {
    let mut problem = None;
    if let Some(file) = file {
        match build_file(Path::new(file), rate_hz) {
            Ok((separator, model)) => {
                let status = ChainStatus {
                    kind: Some(kind),
                    problem: None,
                    model: Some(model),
                };
                return (Some(separator), status);
            }
            Err(error) => problem = Some(error.to_string()),
        }
    }
    fall_back(kind, problem, |kind| separators::build(kind, rate_hz))
}

/// The first of a kind and the one that stands in for it that can be built, with what was wrong.
fn fall_back(
    kind: SeparatorKind,
    mut problem: Option<String>,
    build: impl Fn(SeparatorKind) -> Result<Box<dyn Separator>, BuildError>,
) -> (Option<Box<dyn Separator>>, ChainStatus) {
    let fallback = kind.fallback();
    for (kind, title) in [(kind, "the built-in model"), (fallback, fallback.title())] {
        match build(kind) {
            Ok(separator) => {
                let problem = problem.map(|problem| format!("{problem}: {title} plays instead."));
                let networks = default_models::load(kind).ok();
                let status = ChainStatus {
                    kind: Some(kind),
                    problem,
                    model: networks.map(|networks| ModelNote::of(networks.main())),
                };
                return (Some(separator), status);
            }
            Err(error) => _ = problem.get_or_insert(error.to_string()),
        }
    }
    let problem = problem.map(|problem| format!("{problem}: the sound passes unchanged."));
    let status = ChainStatus {
        kind: None,
        problem,
        model: None,
    };
    (None, status)
}

/// The separator of a model file. Errors call it by its name alone: the editor has one line.
fn build_file(path: &Path, rate_hz: f64) -> Result<(Box<dyn Separator>, ModelNote), BuildError> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = std::fs::read(path).map_err(|error| ModelError::Read {
        file: file.to_string(),
        reason: error.to_string(),
    })?;
    let model = shared::load_bytes(&file, &bytes)?;
    let note = ModelNote::of(&model);
    Ok((Networks::from(model).build(rate_hz)?, note))
}

fn warm_up(separator: &mut dyn Separator) {
    let hop_samples = separator.hop_samples();
    let silence = vec![0.0; hop_samples];
    let mut stems = StemBuffer::new(hop_samples);
    for _ in 0..WARM_UP_HOPS {
        separator.process_hop([&silence; NUM_CHANNELS], &mut stems);
        for part in 0..separator.num_parts() {
            separator.work(part);
        }
    }
    separator.reset();
}

/// A panic in another thread leaves nothing half done here that the next one could not use.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{GainTargets, MAX_BLOCK_SAMPLES};

    const RATE_HZ: f32 = 48_000.0;

    fn request(kind: SeparatorKind) -> ChainRequest {
        ChainRequest {
            kind,
            rate_hz: RATE_HZ,
            generation: 0,
        }
    }

    fn builder() -> ChainBuilder {
        ChainBuilder::new(Arc::default(), RepaintNotifier::new())
    }

    fn started(kind: SeparatorKind) -> (ChainBuilder, Engine) {
        let builder = builder();
        let request = request(kind);
        builder.want(request.id());
        let engine = builder
            .start_engine(request, Arc::new(Meters::new()))
            .expect("48 kHz is supported");
        (builder, engine)
    }

    /// Plays silence until every chain on its way has taken over.
    fn play(builder: &ChainBuilder, engine: &mut Engine) {
        for _ in 0..200 {
            engine.poll_chain(true);
            builder.catch_up();
            process(engine);
        }
    }

    fn process(engine: &mut Engine) {
        let [mut left, mut right] = [[0.0; MAX_BLOCK_SAMPLES]; 2];
        engine.process([&mut left, &mut right], &GainTargets::UNITY);
    }

    #[test]
    fn a_kind_without_a_model_falls_back_and_says_so() {
        let without_models = |kind: SeparatorKind| match kind.needs_model() {
            true => Err(BuildError::NoModel { kind }),
            false => separators::build(kind, 48_000.0),
        };
        let (separator, status) = fall_back(SeparatorKind::ConvTasNetStudio, None, without_models);
        assert!(separator.is_some());
        assert_eq!(status.kind, Some(SeparatorKind::HpssMix));
        assert_eq!(
            status.problem.as_deref(),
            Some("Conv-TasNet Studio has no model in this build: HPSS Mix plays instead.")
        );
    }

    /// Chooses a file for Conv-TasNet Live, and plays until what comes of it has taken over.
    fn choose(builder: &ChainBuilder, engine: &mut Engine, file: Option<&Path>) -> ChainStatus {
        let kind = SeparatorKind::ConvTasNetLive;
        let file = file.map(|path| path.to_str().expect("plain letters").to_owned());
        builder.models.choose(kind, file);
        let wanted = ChainRequest {
            generation: builder.models.generation(kind),
            ..request(kind)
        };
        builder.want(wanted.id());
        play(builder, engine);
        assert_eq!(engine.chain_id(), wanted.id());
        builder.status(wanted.id()).expect("it was built")
    }

    #[test]
    fn a_file_that_cannot_be_played_is_named_and_replaced_and_may_be_cleared() {
        let folder = tempfile::tempdir().expect("a folder to write to");
        let bad = folder.path().join("bad.safetensors");
        std::fs::write(&bad, b"").expect("it can be written");
        let missing = folder.path().join("gone.safetensors");
        let built_in = default_models::bytes(SeparatorKind::ConvTasNetLive);
        let (kind, title) = match built_in {
            Some(_) => (SeparatorKind::ConvTasNetLive, "the built-in model"),
            None => (SeparatorKind::HpssLive, "HPSS Live"),
        };

        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        for (file, words) in [
            (
                &bad,
                "bad.safetensors: expected a safetensors file, found an empty file",
            ),
            (&missing, "gone.safetensors: cannot be read: "),
        ] {
            let status = choose(&builder, &mut engine, Some(file));
            assert_eq!(status.kind, Some(kind));
            let problem = status.problem.expect("it can't be played");
            assert!(problem.starts_with(words), "{problem}");
            assert!(
                problem.ends_with(&format!(": {title} plays instead.")),
                "{problem}"
            );
        }
        if let Some(bytes) = built_in {
            let good = folder.path().join("good.safetensors");
            std::fs::write(&good, bytes).expect("it can be written");
            for file in [Some(good.as_path()), None] {
                let status = choose(&builder, &mut engine, file);
                assert_eq!((status.kind, status.problem), (Some(kind), None));
                let model = status.model.expect("a network plays");
                assert_eq!(model.licence, "CC-BY-SA-4.0");
                assert!(!model.title.is_empty());
            }
        }
    }

    #[test]
    fn a_rate_that_nothing_supports_leaves_no_engine_and_says_why() {
        let builder = builder();
        let request = ChainRequest {
            rate_hz: 500.0,
            ..request(SeparatorKind::HpssLive)
        };
        builder.want(request.id());
        assert!(
            builder
                .start_engine(request, Arc::new(Meters::new()))
                .is_none()
        );
        let status = builder.status(request.id()).expect("it was tried");
        assert_eq!(status.kind, None);
        let problem = status.problem.expect("it failed");
        assert!(problem.contains("500 Hz"), "{problem}");
    }

    #[test]
    fn only_the_newest_request_is_built() {
        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        let old = request(SeparatorKind::HpssMix);
        let new = request(SeparatorKind::ConvTasNetLive);
        builder.want(old.id());
        builder.want(new.id());
        builder.catch_up();
        assert!(builder.status(old.id()).is_none(), "the old one was built");
        play(&builder, &mut engine);
        assert_eq!(engine.chain_id(), new.id());
    }

    #[test]
    fn the_last_of_many_quick_changes_plays() {
        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        for kind in [
            SeparatorKind::HpssMix,
            SeparatorKind::ConvTasNetLive,
            SeparatorKind::ConvTasNetStudio,
            SeparatorKind::HpssLive,
            SeparatorKind::HpssMix,
        ] {
            builder.want(request(kind).id());
            builder.catch_up();
            engine.poll_chain(true);
        }
        play(&builder, &mut engine);
        assert_eq!(engine.chain_id(), request(SeparatorKind::HpssMix).id());
    }

    #[test]
    fn a_change_taken_back_leaves_the_first_chain() {
        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        for kind in [SeparatorKind::HpssMix, SeparatorKind::HpssLive] {
            builder.want(request(kind).id());
            builder.catch_up();
        }
        play(&builder, &mut engine);
        assert_eq!(engine.chain_id(), request(SeparatorKind::HpssLive).id());
    }

    #[test]
    fn the_thread_builds_what_is_wanted_when_woken_and_ends_with_its_handle() {
        let (builder, mut engine) = started(SeparatorKind::HpssLive);
        let builder = Arc::new(builder);
        let thread = BuilderThread::spawn(builder.clone());
        let wanted = request(SeparatorKind::ConvTasNetLive);
        builder.want(wanted.id());
        thread.wake();
        // Far more than a build takes, however busy the machine.
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while engine.chain_id() != wanted.id() {
            assert!(std::time::Instant::now() < limit, "nothing arrived");
            engine.poll_chain(true);
            process(&mut engine);
        }
        drop(thread);
        assert_eq!(Arc::strong_count(&builder), 1, "the thread still runs");
    }
}
